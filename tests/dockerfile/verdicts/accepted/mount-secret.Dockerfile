FROM scratch
RUN --mount=type=secret,id=a,target=/s,required a
