FROM scratch
RUN --mount=size=1g,type=tmpfs,target=/t a
