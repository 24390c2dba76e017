FROM --platform=linux/amd64 scratch AS build-amd64
FROM --platform=linux/x86_64 scratch AS b-amd64
FROM --platform=linux/arm64/v8 scratch AS v8
