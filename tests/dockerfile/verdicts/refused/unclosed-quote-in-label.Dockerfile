FROM scratch
LABEL A="b
