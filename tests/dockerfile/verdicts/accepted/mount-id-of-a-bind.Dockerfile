FROM scratch
RUN --mount=type=bind,target=/b,id=a a
