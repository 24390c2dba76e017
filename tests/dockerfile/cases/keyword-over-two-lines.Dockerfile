FROM x
RUN\
 a
E\
NV A=1
