FROM scratch
RUN --mount=type=cache,target=/c,size=1g a
