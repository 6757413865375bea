"""An account's data in parts, each small enough to be rendered anew whenever something that it shows changes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Protocol

from fusionsolar_exporter.cache import ReportPeriod, Snapshot
from fusionsolar_exporter.metrics.fitted_strings import FittedStrings
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.unknown_keys import KeyGate
from fusionsolar_exporter.northbound.model import Severity
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorName

CHUNK = 100
"""Plants or devices of a part: as many as one request asks for, so that an answer changes one or two of them."""

_FIELDS = tuple(field.name for field in fields(Snapshot))


@dataclass(frozen=True, slots=True)
class ExportContext:
    """What there is to show of one account, and how."""

    snapshot: Snapshot
    clock: Clock
    severities: tuple[Severity, ...]
    """Severities that are counted even where there is no alarm."""
    routes: AccountRoutes
    gate: KeyGate
    fitted: FittedStrings | None
    """Where set, PV strings that never carried anything are left out."""

    def fields(self) -> Mapping[str, object]:
        """What there is to read, by name; the same object as at the last look where nothing of it changed."""
        found: dict[str, object] = {name: getattr(self.snapshot, name) for name in _FIELDS}
        found |= {fetched_at_by(name): moments for name, moments in self.snapshot.plant_fetched_at.items()}
        for name, periods in self.snapshot.reports.items():
            found |= {report_of(name, period): rows for period, rows in periods.items()}
        return found


def fetched_at_by(collector: CollectorName) -> str:
    """When one collector has last fetched the data of plants, as a name of what there is to read."""
    return f"plant_fetched_at/{collector.value}"


def report_of(collector: CollectorName, period: ReportPeriod) -> str:
    """The rows of one report's period, as a name of what there is to read."""
    return f"reports/{collector.value}/{period.value}"


class Part(Protocol):
    """Some series of one account. Equal parts with equal ``inputs`` export the same."""

    ids: tuple[str, ...] | None
    """The ids of which it reads something; None where it reads all."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names in :meth:`ExportContext.fields`: while these are the same, so are the inputs."""
        ...

    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        """Everything that the samples depend on, beside lists and settings; cheap, and cheap to compare."""
        ...

    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        """Add the samples."""
        ...
