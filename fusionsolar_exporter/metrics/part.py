"""An account's data in parts, each small enough to be rendered anew whenever something that it shows changes."""

from dataclasses import dataclass
from typing import Protocol

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.fitted_strings import FittedStrings
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.unknown_keys import KeyGate
from fusionsolar_exporter.northbound.model import Severity
from fusionsolar_exporter.pacing.clock import Clock

CHUNK = 100
"""Plants or devices of a part: as many as one request asks for, so that an answer changes one or two of them."""


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


class Part(Protocol):
    """Some series of one account. Equal parts with equal ``inputs`` export the same."""

    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        """Everything that the samples depend on, beside lists and settings; cheap, and cheap to compare."""
        ...

    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        """Add the samples."""
        ...
