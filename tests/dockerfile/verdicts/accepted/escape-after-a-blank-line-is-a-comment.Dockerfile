
# escape=x
FROM scratch
