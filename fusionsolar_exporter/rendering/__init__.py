"""The exposition as finished bytes: rendered in the background when something changes, only sent when scraped."""
