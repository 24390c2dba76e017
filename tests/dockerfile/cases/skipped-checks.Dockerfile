# check=skip=MaintainerDeprecated,JSONArgsRecommended
FROM x
MAINTAINER me
# check=skip=LegacyKeyValueFormat
ENV k v
ENV k w
CMD a
