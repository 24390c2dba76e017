FROM scratch
WORKDIR ""
