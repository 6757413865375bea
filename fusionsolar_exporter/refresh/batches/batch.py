"""One batch: up to 100 ids that are asked together, and when they are due."""

from dataclasses import dataclass, field

from fusionsolar_exporter.refresh.batches.bisection import Bisection


@dataclass(eq=False, slots=True)
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
    """For lists: since when it is due before its time."""
    awaits_lists_since: float | None = None
    """After a refusal of unknown ids: asked again as soon as the lists are newer than this."""
    window: int = 0
    """For alarms in windows of time: the next call of the turn."""
    failures: int = 0
    """Refusals in a row that no list explains, for the back-off."""
    refusals: int = 0
    """Refusals in a row for an id."""
    empty_answers: int = 0
    """For lists: empty answers in a row where there was data."""
    replayed: bool = False
    """True while a request that an ended session refused is to be sent once more."""
    turn_of: int = 0
    """Number of the sweep in which it was asked last."""
    search: Bisection | None = field(default=None)

    def due(self, interval: float) -> float:
        """When it is due."""
        if self.retry_at is not None:
            return self.retry_at
        return self.created if self.last_start is None else self.last_start + interval

    def turn(self) -> list[str]:
        """The ids to ask now."""
        return self.search.turn() if self.search else list(self.ids)

    def started(self, moment: float) -> None:
        """A request for it is sent."""
        self.last_start = self.oldest_start = moment
        self.retry_at = self.early_at = self.awaits_lists_since = None

    @property
    def plain(self) -> bool:
        """Whether nothing but its interval decides when it is due, so that it may be packed with others."""
        return self.retry_at is None and self.search is None and self.refusals == 0 and self.early_at is None
