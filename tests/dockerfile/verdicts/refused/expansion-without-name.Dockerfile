FROM scratch
ENV X=${}
