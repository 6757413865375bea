"""Prometheus exporter for Huawei FusionSolar / iMaster NetEco SmartPVMS."""

__version__ = "0.1.0"
