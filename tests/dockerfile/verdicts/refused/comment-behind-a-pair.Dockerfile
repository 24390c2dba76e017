FROM scratch
ENV A=b # why
