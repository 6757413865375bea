"""One account's memory: what is kept in its state, how it is written, and how it is read again."""
