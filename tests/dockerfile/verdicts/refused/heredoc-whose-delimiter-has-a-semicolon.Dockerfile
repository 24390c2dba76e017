FROM scratch
RUN <<E;
a
E
