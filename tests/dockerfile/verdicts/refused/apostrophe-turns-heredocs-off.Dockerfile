FROM scratch
RUN it's <<E
NOTHING a
E
