FROM scratch
RUN --mount=type=ssh,id=a,required=true a
