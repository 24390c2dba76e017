FROM scratch
ENV X=${A:#b}
