FROM scratch
ENV X=${A:-${B:-c}}
