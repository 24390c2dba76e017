FROM scratch AS a-1_b.c
