FROM scratch
RUN <<E
FROM nothing
E
USER 1
