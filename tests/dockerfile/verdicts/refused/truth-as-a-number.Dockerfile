FROM scratch
COPY --link=1 a b
