ARG A=${B^^}
FROM scratch
