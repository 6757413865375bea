"""State in Redis: leases, entries, and the scripts that keep both whole."""
