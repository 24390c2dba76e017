FROM scratch
VOLUME ${A^^}
