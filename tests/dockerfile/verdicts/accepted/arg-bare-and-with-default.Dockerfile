FROM scratch
ARG A B=1
