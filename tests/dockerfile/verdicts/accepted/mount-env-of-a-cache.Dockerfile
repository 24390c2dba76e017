FROM scratch
RUN --mount=type=cache,target=/c,env=A a
