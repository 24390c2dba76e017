FROM scratch
CMD ["\u0061\n"]
