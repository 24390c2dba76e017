FROM scratch
ARG A
ENV B=$A
