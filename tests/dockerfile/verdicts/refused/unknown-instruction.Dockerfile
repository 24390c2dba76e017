FROM scratch
RNU a
