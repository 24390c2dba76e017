FROM --platform=${PLAT:-linux/amd64} scratch
