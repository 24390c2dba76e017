FROM scratch
ADD --from=a a b
