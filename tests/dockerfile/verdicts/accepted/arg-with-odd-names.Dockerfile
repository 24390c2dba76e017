FROM scratch
ARG a-b 1a
