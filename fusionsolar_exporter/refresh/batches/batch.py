"""One batch: up to 100 ids that are asked together, and when they are due."""

import math
from dataclasses import dataclass

from fusionsolar_exporter.refresh.batches.refusal import Refusal


@dataclass(eq=False, slots=True, weakref_slot=True)
class Batch:
    """Moments are in the pacing clock's seconds."""

    ids: list[str]
    created: float
    device_type: int = 0
    """0 for batches of plants."""
    last_start: float | None = None
    """Start of its newest request; None while it has never been asked."""
    oldest_start: float | None = None
    """The same for the member that has waited longest: batches of different phases can be packed together."""
    retry_at: float | None = None
    """After a failure: when it is due, in the place of one interval after its last start."""
    early_at: float | None = None
    """Since when it is due before its time."""
    failures: int = 0
    """Refusals in a row that no list explains, for the back-off."""
    turn_of: int = 0
    """Number of the sweep in which it was asked last."""
    answered_at: float = -math.inf
    """Start of its newest request that was answered."""
    failed_at: float = -math.inf
    """Start of its newest request that was not."""
    refusal: Refusal | None = None
    """While the far side refuses one of its ids."""
    odd_searches: int = 0
    """Searches in a row that have found every id to be good."""
    apart_until: float = -math.inf
    """Not packed with others before: they are refused together."""

    def due(self, interval: float) -> float:
        """When it is due."""
        if self.retry_at is not None:
            return self.retry_at
        return self.created if self.last_start is None else self.last_start + interval

    def turn(self) -> list[str]:
        """The ids to ask now."""
        return self.refusal.search.turn() if self.refusal and self.refusal.search else list(self.ids)

    def started(self, moment: float) -> None:
        """A request for it is sent."""
        self.last_start = self.oldest_start = moment
        self.retry_at = self.early_at = None
        if self.refusal:
            self.refusal.awaits_lists_since = None

    @property
    def is_answered(self) -> bool:
        """Whether its newest request was answered."""
        return self.answered_at > self.failed_at

    @property
    def plain(self) -> bool:
        """Whether nothing but its interval decides when it is due, so that it may be packed with others."""
        return self.retry_at is None and self.early_at is None and self.refusal is None
