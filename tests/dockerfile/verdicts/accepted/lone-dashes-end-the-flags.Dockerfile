FROM scratch
CMD -- --x
