FROM scratch AS context
FROM scratch AS scratch
