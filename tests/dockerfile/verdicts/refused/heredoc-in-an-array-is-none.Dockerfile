FROM scratch
RUN ["<<E"]
NOTHING
E
