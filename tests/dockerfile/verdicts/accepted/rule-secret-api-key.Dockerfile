FROM scratch
ARG api_key
ENV api_key=a
