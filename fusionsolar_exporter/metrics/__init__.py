"""What is exported: the catalogue of metrics, the collector that yields them, the exporter's own."""
