FROM scratch
RUN --network=some a
