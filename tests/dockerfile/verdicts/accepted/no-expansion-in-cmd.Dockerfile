FROM scratch
CMD ${A^^}
