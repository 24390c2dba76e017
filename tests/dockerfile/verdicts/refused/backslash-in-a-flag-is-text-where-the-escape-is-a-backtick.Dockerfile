# escape=`
FROM scratch
COPY --link=tru\e a b
