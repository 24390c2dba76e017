FROM x
RUN a \

  b \
  # a comment in between
  c
RUN d
