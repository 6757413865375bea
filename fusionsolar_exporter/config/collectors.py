"""``collectors``: which kinds of data are asked for, how often, and how long they are served."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import AllOrDuration, AutoDuration, Flag, Section, Text, sequence_of
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL
from fusionsolar_exporter.status import CollectorName


class CollectorConfig(Section):
    """One collector; ``interval`` and ``ttl`` in seconds, None is ``auto``."""

    enabled: Flag = True
    interval: AutoDuration = None
    ttl: AutoDuration = None


def _level(value: Any) -> int:
    for level in SEVERITY_OF_LEVEL:
        if value == str(level) or (type(value) is int and value == level):
            return level
    raise problem("not a level; expected 1 (critical), 2 (major), 3 (minor) or 4 (warning)")


def _some(value: Any) -> Any:
    if not value:
        raise problem("no level; expected at least one of 1, 2, 3 and 4, or disable the collector")
    return value


class AlarmsConfig(CollectorConfig):
    """The collector of active alarms (reference 9.1.7)."""

    levels: Annotated[
        frozenset[Annotated[int, BeforeValidator(_level)]], BeforeValidator(_some), sequence_of("levels")
    ] = frozenset(SEVERITY_OF_LEVEL)
    """Severities asked for: 1 critical, 2 major, 3 minor, 4 warning."""
    lookback: AllOrDuration = None
    """How many seconds ago an alarm may have been raised; None is any time."""


class ReportConfig(CollectorConfig):
    """A collector of hourly to yearly data."""

    enabled: Flag = False


class ConvergenceConfig(ReportConfig):
    """The collector of inverters by serial number (reference 9.3.1)."""

    serial_numbers: Annotated[tuple[Text, ...], sequence_of("serial numbers")] = ()
    """Whom to ask for; empty means every inverter, of which there may be 100 then."""


class CollectorsConfig(Section):
    """Every collector by the value of the label ``collector``."""

    plant_list: CollectorConfig = CollectorConfig()
    device_list: CollectorConfig = CollectorConfig()
    plant_realtime: CollectorConfig = CollectorConfig()
    device_realtime: CollectorConfig = CollectorConfig()
    alarms: AlarmsConfig = AlarmsConfig()
    plant_hourly: ReportConfig = ReportConfig()
    plant_daily: ReportConfig = ReportConfig()
    plant_monthly: ReportConfig = ReportConfig()
    plant_yearly: ReportConfig = ReportConfig()
    device_daily: ReportConfig = ReportConfig()
    device_monthly: ReportConfig = ReportConfig()
    device_yearly: ReportConfig = ReportConfig()
    inverter_convergence: ConvergenceConfig = ConvergenceConfig()

    def of(self, name: CollectorName) -> CollectorConfig:
        """Give the configuration of a collector."""
        found: CollectorConfig = getattr(self, name.value)
        return found

    @property
    def enabled(self) -> frozenset[CollectorName]:
        """The collectors that run."""
        return frozenset(name for name in CollectorName if self.of(name).enabled)
