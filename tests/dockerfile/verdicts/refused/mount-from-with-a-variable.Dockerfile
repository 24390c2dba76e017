FROM scratch
RUN --mount=type=bind,target=/c,from=$X a
