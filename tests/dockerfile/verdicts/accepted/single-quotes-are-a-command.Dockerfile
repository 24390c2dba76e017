FROM scratch
RUN ['a']
