FROM scratch
STOPSIGNAL ${A^^}
