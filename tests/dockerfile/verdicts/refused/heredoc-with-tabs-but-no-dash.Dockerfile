FROM scratch
RUN <<E
	E
