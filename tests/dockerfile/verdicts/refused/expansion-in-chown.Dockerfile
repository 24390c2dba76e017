FROM scratch
COPY --chown=${A^^} a b
