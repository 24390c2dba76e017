FROM scratch
COPY ${A^^} b
