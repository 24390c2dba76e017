FROM scratch
COPY a --from=b c/
