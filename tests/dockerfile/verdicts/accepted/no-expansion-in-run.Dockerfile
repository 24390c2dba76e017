FROM scratch
RUN ${A^^}
