FROM scratch
ONBUILD ENV A=${B^^}
