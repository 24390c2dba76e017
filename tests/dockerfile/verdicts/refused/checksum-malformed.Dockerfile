FROM scratch
ADD --checksum=sha256:0 https://example.org/a b
