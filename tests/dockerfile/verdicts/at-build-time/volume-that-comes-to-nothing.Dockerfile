FROM scratch
VOLUME ["$UNSET"]
