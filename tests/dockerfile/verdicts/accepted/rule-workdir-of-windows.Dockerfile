FROM scratch
WORKDIR C:/a
