FROM scratch AS b
FROM scratch
RUN --mount=type=tmpfs,target=/t,from=b a
