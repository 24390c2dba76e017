FROM x
RUN echo $((1 <<4 ))
