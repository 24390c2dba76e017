FROM scratch
RUN [ -f x ] && y
