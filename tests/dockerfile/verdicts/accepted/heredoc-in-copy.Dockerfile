FROM scratch
COPY <<a <<b /x/
1
a
2
b
