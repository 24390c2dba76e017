FROM scratch
RUN --mount=type=secret,id=a,source=b a
