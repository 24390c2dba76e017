FROM scratch
COPY <<'E' /x
${A^^}
E
