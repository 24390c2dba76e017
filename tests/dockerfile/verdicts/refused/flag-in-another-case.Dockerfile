FROM scratch
RUN --NETWORK=none a
