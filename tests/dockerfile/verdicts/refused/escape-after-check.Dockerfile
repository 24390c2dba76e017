# check=skip=all
# escape=x
FROM scratch
