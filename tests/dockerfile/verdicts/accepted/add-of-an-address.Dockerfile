FROM scratch
ADD https://example.org/a /b
