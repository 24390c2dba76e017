FROM scratch
RUN echo $((1<<20))
USER 1
