#  Syntax = docker/dockerfile:1
# ESCAPE=`
# unknown=1
# escape=\
FROM x
RUN a `
  b
