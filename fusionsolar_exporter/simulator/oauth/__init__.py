"""OAuth Connect, as far as clients' code and notes tell: consent in a browser, codes, tokens."""
