FROM scratch AS a
FROM scratch
COPY --from=$X x y
