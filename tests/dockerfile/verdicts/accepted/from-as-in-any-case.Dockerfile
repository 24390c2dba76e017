FROM scratch aS a
