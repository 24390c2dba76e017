FROM scratch
ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 https://example.org/a https://example.org/b /c/
