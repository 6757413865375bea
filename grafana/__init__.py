"""Grafana dashboards as code: ``python -m grafana`` writes ``grafana/dashboards/*.json``; ``--check`` compares.

Each dashboard is a module (``fleet``, ``plant``, ``device``, ``performance``, ``alarms``,
``exporter_health``) made of panels
(``panels``, ``tables``, ``geomap``) over queries (``queries``). Names of metrics and labels, codes and what they mean
come from the exporter's own tables, so a metric that it does not have cannot be asked for.
"""
