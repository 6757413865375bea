"""``doctor``: asks each interface of each account once, says what is permitted, and what to do where it is not."""
