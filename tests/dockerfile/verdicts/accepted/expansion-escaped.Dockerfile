FROM scratch
ENV X=\${A^^}
