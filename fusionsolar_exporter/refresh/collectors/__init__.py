"""One collector a kind of data: what to ask, how to batch, what to put into the cache."""
