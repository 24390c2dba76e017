FROM scratch
RUN a # why
