FROM scratch
SHELL [NaN]
