FROM x
RUN ['a']
RUN [ -f x ] && y
CMD []
