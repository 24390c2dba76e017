from scratch
user 1
workdir /a
RUN a
