FROM scratch
USER 1
onbuild RUN a
healthcheck NONE
