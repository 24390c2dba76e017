FROM scratch
COPY --chmod=10000 a b
