FROM scratch
RUN --netwrk=none a
