FROM scratch
RUN --mount=type=cache,target=/c,id=x,sharing=locked,mode=0755,uid=1,gid=1 a
