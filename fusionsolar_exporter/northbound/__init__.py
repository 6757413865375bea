"""The far side: the SmartPVMS northbound interface. Knows nothing of Prometheus."""
