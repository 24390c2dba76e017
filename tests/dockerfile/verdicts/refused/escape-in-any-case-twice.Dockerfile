# ESCAPE=\
# escape=\
FROM scratch
