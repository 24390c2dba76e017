FROM scratch
RUN --mount=type=secret,target=/run/secrets/a a
