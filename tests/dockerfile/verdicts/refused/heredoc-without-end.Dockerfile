FROM scratch
RUN <<E
a
