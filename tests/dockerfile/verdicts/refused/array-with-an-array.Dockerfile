FROM scratch
RUN [["a"]]
