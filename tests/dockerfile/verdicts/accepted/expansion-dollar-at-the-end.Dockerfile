FROM scratch
ENV X=a$
