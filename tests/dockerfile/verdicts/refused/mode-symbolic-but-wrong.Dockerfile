FROM scratch
COPY --chmod=x+u a b
