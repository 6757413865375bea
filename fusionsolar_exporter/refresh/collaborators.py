"""What an account is given from outside."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.northbound.transport import Transport
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.turns import Turns
from fusionsolar_exporter.supervision import Supervisor


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Transport and observer are made anew when the account's settings change."""

    clock: Clock
    transport: Callable[[AccountConfig], Transport]
    observer: Callable[[AccountConfig], Observer]
    log: Log
    published: Callable[[], None] = _nobody
    """Called whenever there is something new to read; has to return at once."""
    turns: Turns = field(default_factory=Turns)
    """Shared by the accounts of a process."""
    supervisor: Supervisor | None = None
    """Watches the account's thread; None where an account is stepped by hand."""
    without_secrets: Callable[[str], str] = str
    """Takes out what is secret to any account of the process."""
