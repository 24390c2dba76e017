# check=skip=jsonargsrecommended
FROM scratch
CMD a
