# foo=bar
# escape=x
FROM scratch
