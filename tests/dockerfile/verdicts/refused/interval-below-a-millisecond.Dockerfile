FROM scratch
HEALTHCHECK --interval=5us CMD a
