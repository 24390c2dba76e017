FROM --platform=amd64 scratch AS amd64
FROM --platform=arm64 scratch AS linux
