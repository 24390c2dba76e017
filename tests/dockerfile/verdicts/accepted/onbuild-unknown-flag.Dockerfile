FROM scratch
ONBUILD RUN --x a
