"""One request for something of the past."""

from dataclasses import dataclass
from hashlib import blake2b

from fusionsolar_exporter.northbound.interfaces import Interface


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Moments are Unix seconds; rows that begin from ``begin`` up to ``end`` are wanted of its answer."""

    what: str
    interface: Interface
    device_type: int
    """0 for plants."""
    ids: tuple[str, ...]
    begin: float
    end: float
    offset: float
    """How far the clocks of all its plants are ahead of UTC, in seconds."""
    days: tuple[str, ...]
    """Local dates whose files its answer belongs to."""

    @property
    def key(self) -> str:
        """Names it, from run to run."""
        ids = blake2b("\n".join(self.ids).encode(errors="surrogatepass"), digest_size=8).hexdigest()
        return f"{self.what}-{self.device_type}-{self.begin:.0f}-{self.end:.0f}-{ids}"
