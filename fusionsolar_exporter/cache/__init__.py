"""The newest answers of one account until their time to live ends, and immutable snapshots of them."""

from fusionsolar_exporter.cache.alarms import AlarmWindow
from fusionsolar_exporter.cache.cache import Cache
from fusionsolar_exporter.cache.freshness import Freshness
from fusionsolar_exporter.cache.published import Edition
from fusionsolar_exporter.cache.reports import ReportPeriod
from fusionsolar_exporter.cache.snapshot import PlantAlarms, Snapshot

__all__ = ["AlarmWindow", "Cache", "Edition", "Freshness", "PlantAlarms", "ReportPeriod", "Snapshot"]
