FROM scratch
RUN a \
 <<E
NOTHING
E
