# check=experimental=all
# why
#
FROM scratch AS a
  # odd
ARG b
