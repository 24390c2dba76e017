arg A
arg B
FROM scratch
USER 1
