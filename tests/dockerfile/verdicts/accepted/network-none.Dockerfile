FROM scratch
RUN --network=none a
