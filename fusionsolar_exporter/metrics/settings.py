"""What of all data is exported."""

from collections.abc import Callable
from dataclasses import dataclass

from fusionsolar_exporter.northbound.model import Severity


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """The parts of the configuration that decide which series there are."""

    exports: Callable[[str], bool]
    """Whether a metric is exported, by its name; a counter's ends with ``_total``."""
    alarm_severities: tuple[Severity, ...]
    """Severities that are asked for, and so counted even where there is no alarm."""
    drop_unfitted_strings: bool = False
    """Whether a PV string that has been 0 V and 0 A ever since it was first seen has no series."""
    series_per_account: int = 2_000_000
    unknown_keys: int = 500
    """Distinct keys of an account that no table knows."""
