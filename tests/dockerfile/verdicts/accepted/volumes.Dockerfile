FROM scratch
VOLUME /a /b
