FROM scratch
WORKDIR /w
RUN --mount=type=cache a
