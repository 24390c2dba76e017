FROM a:-b
