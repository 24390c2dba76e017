FROM scratch
CMD a
SHELL ["/x"]
