"""Words: small frozen values that are right by construction and read back from their own text."""
