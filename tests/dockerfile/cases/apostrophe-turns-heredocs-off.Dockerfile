FROM x
RUN echo it's <<E
ENV A=1
