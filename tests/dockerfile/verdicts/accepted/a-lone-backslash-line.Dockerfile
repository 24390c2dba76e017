FROM scratch
\
USER 1
