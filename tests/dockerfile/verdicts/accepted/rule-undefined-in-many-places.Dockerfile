FROM scratch
WORKDIR /$A
USER $B
COPY $C $D/
EXPOSE $E
STOPSIGNAL ${F:-TERM}
VOLUME /$G
LABEL a=$H
ARG I=$J
RUN --mount=type=cache,target=/k$K a
