FROM scratch AS a
SHELL ["/x"]
CMD a
FROM a
ENTRYPOINT b
