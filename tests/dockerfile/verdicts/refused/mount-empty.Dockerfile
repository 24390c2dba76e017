FROM scratch
RUN --mount= a
