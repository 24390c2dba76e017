FR\
OM scratch
