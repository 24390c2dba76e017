FROM scratch
RUN cat 3<<E
NOTHING
E
