FROM scratch
WORKDIR "/a"
