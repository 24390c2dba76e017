FROM scratch
WORKDIR ${A^^}
