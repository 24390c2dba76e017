FROM scratch
RUN ["a",]
