FROM scratch
ENV A=1 \
  # why
  B=2
