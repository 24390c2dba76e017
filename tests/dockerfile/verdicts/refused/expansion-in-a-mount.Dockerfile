FROM scratch
RUN --mount=type=cache,target=${A^^} a
