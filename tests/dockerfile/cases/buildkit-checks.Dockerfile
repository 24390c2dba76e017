FROM --platform=linux/amd64 a AS Builder
from --platform=$TARGETPLATFORM b as builder
FROM c AS scratch
MAINTAINER me
ENV k v
WORKDIR app
EXPOSE 80/TCP 127.0.0.1:80:80
ARG API_TOKEN
ARG PUBLIC_KEY
CMD a b
CMD ["a"]
