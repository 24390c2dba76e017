FROM scratch
COPY --link=TRUE a b
