FROM scratch
User 1
