FROM scratch
RUN <<-E
	a
	E
USER 1
