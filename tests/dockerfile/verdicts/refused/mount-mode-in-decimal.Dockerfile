FROM scratch
RUN --mount=type=cache,target=/c,mode=999 a
