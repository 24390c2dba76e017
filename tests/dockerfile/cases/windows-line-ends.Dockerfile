# escape=`
FROM x
RUN a `
  b

COPY <<EOF /x
q
EOF
