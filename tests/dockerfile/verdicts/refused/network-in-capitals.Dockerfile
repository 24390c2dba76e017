FROM scratch
RUN --network=NONE a
