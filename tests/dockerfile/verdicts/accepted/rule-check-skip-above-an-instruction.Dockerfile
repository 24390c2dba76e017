FROM scratch
# check=skip=JSONArgsRecommended
CMD a
