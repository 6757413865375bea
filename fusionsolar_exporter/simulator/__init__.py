"""A simulated management system. Shares no code with the exporter, so that a misreading cannot cancel out."""
