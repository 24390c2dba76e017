FROM scratch
RUN <<E
${A^^}
E
