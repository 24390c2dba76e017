ARG TAG=1
FROM scratch
FROM ${TGA:-scratch}
