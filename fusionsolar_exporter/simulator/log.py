"""What was asked of the simulated system: the requests, counts of refusals, and how many were in flight at once."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.interfaces import Interface

SECRET_PARAMETERS = frozenset({"systemCode", "xsrfToken"})


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request and its answer. ``fail_code`` is None where the answer was no envelope; never holds a secret."""

    at: float
    """Arrival, Unix seconds of the simulated world."""
    interface: Interface
    user: str
    """Empty where nobody was logged in."""
    ids: tuple[str, ...]
    """Plant codes, device ids or serial numbers asked for."""
    parameters: Mapping[str, object] = field(repr=False)
    """The body, without password and token."""
    status: int
    fail_code: int | None


class RequestLog:
    """The last ``size`` requests (None: all, 0: none) and counts of all. Safe for threads."""

    def __init__(self, size: int | None = 10_000) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=size)
        self._counts: Counter[Interface] = Counter()
        self._refusals: Counter[tuple[Interface, int]] = Counter()
        self._over_limit: Counter[Interface] = Counter()
        self._in_flight = 0
        self._max_in_flight = 0

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The requests kept, oldest answer first."""
        with self._lock:
            return tuple(self._requests)

    @property
    def counts(self) -> Mapping[Interface, int]:
        """Requests by interface."""
        with self._lock:
            return Counter(self._counts)

    @property
    def refusals(self) -> Mapping[tuple[Interface, int], int]:
        """Answers with a fail code other than 0, by interface and code."""
        with self._lock:
            return Counter(self._refusals)

    @property
    def over_limits(self) -> Mapping[Interface, int]:
        """Requests above a limit by interface, however they were refused."""
        with self._lock:
            return Counter(self._over_limit)

    @property
    def max_in_flight(self) -> int:
        """The largest number of requests that were being answered at one time."""
        return self._max_in_flight

    def of(self, interface: Interface) -> tuple[LoggedRequest, ...]:
        """Return the requests kept of one interface."""
        return tuple(request for request in self.requests if request.interface is interface)

    def add(self, request: LoggedRequest) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(request)
            self._counts[request.interface] += 1
            if request.fail_code:
                self._refusals[request.interface, request.fail_code] += 1

    def over_limit(self, interface: Interface) -> None:
        """Note that a request was above a limit."""
        with self._lock:
            self._over_limit[interface] += 1

    def clear(self) -> None:
        """Forget what is noted; requests in flight stay counted."""
        with self._lock:
            self._requests.clear()
            self._counts.clear()
            self._refusals.clear()
            self._over_limit.clear()
            self._max_in_flight = self._in_flight

    @contextmanager
    def flight(self) -> Iterator[None]:
        """Count a request as in flight meanwhile."""
        with self._lock:
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
