FROM scratch
ENV X=${A:0:3}
