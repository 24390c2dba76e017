FROM scratch
COPY --chmod=0755 a b
