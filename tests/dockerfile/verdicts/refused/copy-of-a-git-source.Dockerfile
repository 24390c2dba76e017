FROM scratch
COPY git@example.org:a/b.git /b
