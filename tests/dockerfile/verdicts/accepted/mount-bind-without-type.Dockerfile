FROM scratch
RUN --mount=target=/b a
