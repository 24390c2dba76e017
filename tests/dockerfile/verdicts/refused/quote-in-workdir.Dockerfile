FROM scratch
WORKDIR /it's
