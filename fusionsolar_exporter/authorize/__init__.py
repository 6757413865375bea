"""``authorize``: an owner's consent for an account with ``oauth``: from the address to open to the tokens kept."""
