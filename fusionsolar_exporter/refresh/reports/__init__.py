"""Hours, days, months and years at a plant: where they begin and end, and which one is running."""
