# check=experimental=InvalidDefinitionDescription
# why
FROM scratch AS a
# b does things
ARG b
# c
ARG d c
# x
ARG e f
