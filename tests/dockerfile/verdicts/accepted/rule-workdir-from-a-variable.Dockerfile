FROM scratch
ARG A=/a
WORKDIR $A
