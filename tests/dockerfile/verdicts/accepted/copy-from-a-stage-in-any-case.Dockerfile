FROM scratch AS a
FROM scratch
COPY --from=A x y
