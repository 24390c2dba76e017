FROM scratch
FROM scratch
COPY --from=5 x y
