# hi
# escape=x
FROM scratch
