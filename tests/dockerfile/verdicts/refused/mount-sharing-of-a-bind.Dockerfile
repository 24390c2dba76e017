FROM scratch
RUN --mount=type=bind,target=/b,sharing=locked a
