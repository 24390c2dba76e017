FROM scratch as a
from scratch AS b
from scratch aS c
From scratch as d
