# check=skip=all;experimental=all
# why
FROM scratch AS a
CMD a
