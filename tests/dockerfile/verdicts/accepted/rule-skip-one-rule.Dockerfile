# check=skip=JSONArgsRecommended
FROM scratch
CMD a
MAINTAINER me
