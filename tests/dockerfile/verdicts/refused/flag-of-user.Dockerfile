FROM scratch
USER --x 1
