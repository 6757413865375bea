"""One account's session: its token, when a login may be tried, and what is remembered of refused credentials."""
