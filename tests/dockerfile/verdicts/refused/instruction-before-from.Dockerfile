USER 1
FROM scratch
