FROM scratch
EXPOSE ${A^^}
