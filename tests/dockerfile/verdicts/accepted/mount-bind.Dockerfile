FROM scratch
RUN --mount=type=bind,source=a,target=/b,rw a
