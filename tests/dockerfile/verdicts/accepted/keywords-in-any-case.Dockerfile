from scratch
uSer 1
