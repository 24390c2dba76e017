FROM scratch AS a
RUN --mount=from=b,target=/x a
FROM scratch AS b
