FROM scratch
RUN --mount=type=cache,target=/c,ro=maybe a
