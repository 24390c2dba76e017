# why
FROM scratch AS a
