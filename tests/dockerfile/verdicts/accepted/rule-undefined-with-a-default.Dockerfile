FROM scratch
ENV B=${A:-x}${C:+y}
