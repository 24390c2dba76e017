FROM scratch
SHELL ["${A^^}"]
