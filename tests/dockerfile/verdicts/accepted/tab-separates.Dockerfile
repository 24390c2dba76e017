FROM	scratch
