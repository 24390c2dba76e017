COPY --from=early a b
RUN --mount=from=early,target=/x true
