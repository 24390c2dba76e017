FROM scratch
COPY --chmod=u+x,go-w a b
