FROM --platform=a/b/c/d x
EXPOSE 80-70 99999 80/what a
STOPSIGNAL FOO
COPY a b /c
COPY --chmod=999 a b
COPY https://example.org/x /y
ADD --checksum=md5:1 https://example.org/x /y
RUN --mount=type=cach,target=/x a
RUN --mount=type=secret,target=/x,z a
ENV A=${B^^} C="open
