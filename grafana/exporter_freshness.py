"""How fresh the exporter's data is."""

from grafana.panels import HALF, AnyPanel, Frame, Steps, lines
from grafana.queries import ACCOUNT, Query, age, increase, series
from grafana.states import GREEN, RED, YELLOW, YES_NO
from grafana.tables import Column, rows

_AGE = age("fusionsolar_collector_last_success_timestamp_seconds", ACCOUNT)
_INTERVAL = series("fusionsolar_collector_interval_seconds", ACCOUNT)
INTERVALS_LATE = f"({_AGE}) / ({_INTERVAL} > 0)"
LATE: Steps = ((None, GREEN), (2, YELLOW), (3, RED))


def freshness() -> list[AnyPanel]:
    """How old the data is, and how often it is fetched."""
    plants = series("fusionsolar_plant_last_success_timestamp_seconds", ACCOUNT, 'collector=~"plant_realtime|alarms"')
    devices = series("fusionsolar_device_last_success_timestamp_seconds", ACCOUNT)
    return [
        rows(
            Frame(
                "Collectors",
                "A sweep asks everything of its kind once. Late: time since the last complete sweep, in intervals.",
                (24, 12),
            ),
            Column("Account", label="account"),
            Column("Collector", label="collector"),
            Column("Enabled", expr=series("fusionsolar_collector_enabled", ACCOUNT), mappings=YES_NO, width=90),
            Column(
                "Last sweep complete", expr=series("fusionsolar_collector_success", ACCOUNT), mappings=YES_NO, width=170
            ),
            Column("Interval", expr=_INTERVAL, unit="s", decimals=0),
            Column("Age", expr=_AGE, unit="s", decimals=0),
            Column("Late", expr=INTERVALS_LATE, decimals=1, steps=LATE),
            Column(
                "Next in",
                expr=f"clamp_min({series('fusionsolar_collector_next_sweep_timestamp_seconds', ACCOUNT)} - time(), 0)",
                unit="s",
                decimals=0,
            ),
            Column(
                "Sweep takes",
                expr=series("fusionsolar_collector_last_sweep_duration_seconds", ACCOUNT),
                unit="s",
                decimals=1,
            ),
            Column("In the cache", expr=series("fusionsolar_cache_entries", ACCOUNT), unit="none"),
        ),
        lines(
            Frame(
                "Age of data in intervals",
                "Of the account that is latest. Sawteeth up to 1 are as planned; over 3, values expire.",
                HALF,
                "none",
            ),
            Query(f"max by (collector) ({INTERVALS_LATE})", "{{collector}}"),
        ),
        lines(
            Frame(
                "Oldest data",
                "Age of real-time data and alarms: of the plant and of the device that is oldest.",
                HALF,
                "s",
                least=0,
            ),
            Query(f"max by (account, collector) (time() - {plants})", "{{account}} {{collector}} of a plant"),
            Query(f"max by (account) (time() - {devices})", "{{account}} a device"),
        ),
        lines(
            Frame("Cadence", "Planned time between two sweeps: it follows from the limits and the fleet.", HALF, "s"),
            Query(_INTERVAL, "{{account}} {{collector}}"),
        ),
        lines(
            Frame("Expired values", "Entries of the cache that grew too old; none as long as all goes well.", HALF),
            Query(
                increase("fusionsolar_cache_expired_total", ("account", "collector"), ACCOUNT),
                "{{account}} {{collector}}",
            ),
        ),
    ]
