"""Hourly to yearly data of plants and devices (reference 9.1.4.2 to 9.1.4.5, 9.1.6.3 to 9.1.6.5)."""
