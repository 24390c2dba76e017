FROM scratch
RUN <<'E'
$x
E
