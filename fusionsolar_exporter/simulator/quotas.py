"""Counts calls for each user and interface and refuses those above the limit, over every sliding window."""

import threading
from collections import deque

from fusionsolar_exporter.simulator.interfaces import LIMITS, Holdings, Interface

_TOLERANCE = 1e-6  # Unix seconds as floats are exact to a quarter of a microsecond


class Quotas:
    """Arrivals by user and interface. Every call counts, whatever its answer, refused ones included.

    Windows and spacings last ``scale`` times as long as documented. Safe for threads.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._scale = scale
        self._arrivals: dict[tuple[str, Interface], deque[float]] = {}

    def admit(self, user: str, interface: Interface, at: float, holdings: Holdings) -> bool:
        """Count a call that arrived ``at`` (Unix seconds) and return whether it is within the limits."""
        limit = LIMITS[interface]
        with self._lock:
            arrivals = self._arrivals.setdefault((user, interface), deque())
            oldest = at - limit.window * self._scale + _TOLERANCE
            while arrivals and arrivals[0] <= oldest:
                arrivals.popleft()
            spaced = not arrivals or at - arrivals[-1] >= limit.spacing * self._scale - _TOLERANCE
            admitted = spaced and len(arrivals) < limit.calls(holdings)
            arrivals.append(at)
            return admitted
