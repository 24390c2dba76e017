FROM scratch
RUN --mount=type=cache,target=/c,z a
