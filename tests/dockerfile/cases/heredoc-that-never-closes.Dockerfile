FROM x
RUN cat <<E; echo
body
E
