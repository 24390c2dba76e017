FROM x
FOO bar
RUNN a
RUN --netwrk=none a
COPY --link=1 a b
COPY --from=a --from=b c d
CMD --x
ARG --x y
