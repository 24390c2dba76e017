FROM --platform=${TARGETPLATFORM:-linux/amd64} scratch
