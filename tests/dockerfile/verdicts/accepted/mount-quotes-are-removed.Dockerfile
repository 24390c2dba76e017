FROM scratch
RUN --mount=type=cache,tar"get=/c a
