FROM scratch
ENV X=${+b}
