FROM scratch AS a
ENV A=1
ARG B=2
FROM a
ENV C=$A$B
