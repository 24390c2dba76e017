FROM scratch
EXPOSE 80 53/udp 7000-7010/tcp
