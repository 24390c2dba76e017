FROM scratch
ENV X=${A/b/c}
