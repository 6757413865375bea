"""The background refresher: one thread an account, one small collector a kind of data."""
