FROM scratch
RUN cat<<E
NOTHING
E
