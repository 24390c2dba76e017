FROM scratch
COPY --exclude=${A^^} a b
