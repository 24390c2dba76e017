FROM x
RUN cat <<A >/a; cat <<-'B' >/b
one
A
	two
	B
COPY <<one.txt plain <<"two.txt" /etc/
$expanded
one.txt
$literal
two.txt
