FROM scratch
RUN [1]
