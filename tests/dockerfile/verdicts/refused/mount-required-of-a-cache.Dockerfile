FROM scratch
RUN --mount=type=cache,target=/c,required a
