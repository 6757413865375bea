"""What the engine reports of every request: to metrics, to the log, and to whoever asks for its status."""

from dataclasses import dataclass
from typing import Protocol

from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface


class RequestCounters(Protocol):
    """Counters of one account."""

    def attempt(self, interface: Interface) -> None:
        """A request is about to be sent."""
        ...

    def answered(self, interface: Interface, seconds: float) -> None:
        """A request is over, well or not, after so many seconds."""
        ...

    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        """A request brought no data."""
        ...

    def dropped(self, interface: Interface, count: int) -> None:
        """Items of an answer that were not asked for or could not be read."""
        ...


class FailureLog(Protocol):
    """Sums up failures that repeat."""

    def failed(
        self, interface: Interface, reason: Reason, message: str, advice: str, about: str, *, asked: str = ""
    ) -> None:
        """A request failed; ``about`` names the batch that it says something of, empty for the whole interface.

        ``asked`` names the batch that was asked, whatever its failure says.
        """
        ...

    def recovered(self, interface: Interface, about: str, *, asked: str = "") -> None:
        """The interface answers a batch, or the batch brings what it should."""
        ...


@dataclass(frozen=True, slots=True)
class Observer:
    """The collaborators that an account reports to."""

    counters: RequestCounters
    failures: FailureLog
