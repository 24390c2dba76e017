FROM scratch
ENV A b
LABEL c d
