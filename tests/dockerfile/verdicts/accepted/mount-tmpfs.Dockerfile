FROM scratch
RUN --mount=type=tmpfs,target=/t,size=1g a
