ARG A
FROM scratch
FROM scratch${A}
