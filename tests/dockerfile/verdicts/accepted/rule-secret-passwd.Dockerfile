FROM scratch
ARG passwd
ENV passwd=a
