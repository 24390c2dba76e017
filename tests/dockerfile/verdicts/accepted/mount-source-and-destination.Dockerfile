FROM scratch
RUN --mount=type=cache,src=/,dst=/c a
