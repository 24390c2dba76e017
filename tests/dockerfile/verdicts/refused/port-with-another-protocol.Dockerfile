FROM scratch
EXPOSE 80/tpc
