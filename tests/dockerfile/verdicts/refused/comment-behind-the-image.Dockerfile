FROM scratch # why
