FROM x
RUN ["cat", "<<E"]
ENV A=1
