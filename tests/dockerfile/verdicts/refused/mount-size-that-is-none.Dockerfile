FROM scratch
RUN --mount=type=tmpfs,target=/t,size=big a
