FROM scratch
RUN --mount=type=secret a
