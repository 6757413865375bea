"""Simulated time for the alert rules: the exporter scraped over days, and promtool evaluating the rules on it."""
