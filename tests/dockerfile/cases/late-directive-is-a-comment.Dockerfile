
# escape=`
FROM x
RUN a `
RUN b
