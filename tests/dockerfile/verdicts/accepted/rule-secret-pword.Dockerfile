FROM scratch
ARG pword
ENV pword=a
