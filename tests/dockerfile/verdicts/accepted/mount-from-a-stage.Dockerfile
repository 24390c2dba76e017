FROM scratch AS b
FROM scratch
RUN --mount=from=b,target=/x a
