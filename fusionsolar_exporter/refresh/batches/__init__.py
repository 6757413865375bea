"""Ids in batches: when each is due, which are left out, and what counts as a sweep."""
