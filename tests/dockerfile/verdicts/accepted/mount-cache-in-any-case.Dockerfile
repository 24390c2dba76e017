FROM scratch
RUN --mount=type=CACHE,TARGET=/c a
