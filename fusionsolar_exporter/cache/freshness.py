"""How long an answer may be served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the request that brought an answer started, and for how many seconds from then it may be served."""

    fetched_at: float
    ttl: float

    @property
    def expires_at(self) -> float:
        """The moment from which the answer is not served any more."""
        return self.fetched_at + self.ttl
