FROM x AS Base
FROM Base
FROM base
COPY --from=Base a b
COPY --from=0 a b
COPY --from=2 a b
COPY --from=9 a b
COPY --from=later a b
FROM y AS later
