FROM scratch
RUN --mount=type=what a
