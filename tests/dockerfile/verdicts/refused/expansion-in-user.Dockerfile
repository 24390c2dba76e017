FROM scratch
USER ${A^^}
