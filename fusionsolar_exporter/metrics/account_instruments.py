"""What is counted of one account's requests."""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.fail_codes import FAIL_CODES
from fusionsolar_exporter.northbound.interfaces import ASKED_BY_ALL, Interface

_REQUESTS = "fusionsolar_api_requests_total"
_FAILURES = "fusionsolar_api_failures_total"
_FAIL_CODES = "fusionsolar_api_fail_codes_total"
_DROPPED = "fusionsolar_api_dropped_items_total"
_DURATIONS = "fusionsolar_api_request_duration_seconds"
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)  # seconds; requests may take 30 s
_BUCKET_LABELS = (*map(str, _BUCKETS), "+Inf")
_UNDOCUMENTED_CODES = 50  # an interface
_OTHER = "other"


@dataclass(slots=True)
class _InterfaceCounts:
    """The counts of one interface."""

    requests: int = 0
    dropped_items: int = 0
    failures: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(Reason, 0))
    codes: dict[str, int] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * len(_BUCKET_LABELS))
    seconds: float = 0.0

    def count_code(self, fail_code: int) -> None:
        """Codes that no table knows are named up to a number of them."""
        label = str(fail_code)
        if label not in self.codes and fail_code not in FAIL_CODES:
            undocumented = sum(code != _OTHER and int(code) not in FAIL_CODES for code in self.codes)
            label = _OTHER if undocumented >= _UNDOCUMENTED_CODES else label
        self.codes[label] = self.codes.get(label, 0) + 1

    def durations(self, labels: Mapping[str, str]) -> Sequence[Sample]:
        """A histogram: each bucket holds what is in those before it too."""
        found, total = [], 0
        for bucket, count in zip(_BUCKET_LABELS, self.buckets, strict=True):
            total += count
            found.append(Sample(f"{_DURATIONS}_bucket", {**labels, "le": bucket}, total))
        return [
            *found,
            Sample(f"{_DURATIONS}_count", dict(labels), total),
            Sample(f"{_DURATIONS}_sum", dict(labels), self.seconds),
        ]


class AccountInstruments:
    """The counters of one account. Those of interfaces that most accounts never ask begin with their first request."""

    def __init__(self, account: str) -> None:
        self._account = label_value(account)
        self._lock = threading.Lock()
        self._interfaces = {interface: _InterfaceCounts() for interface in ASKED_BY_ALL}
        self.revision = 0
        """Another number once something was counted."""

    def attempt(self, interface: Interface) -> None:
        """Count a request that is about to be sent."""
        with self._lock:
            self._of(interface).requests += 1

    def answered(self, interface: Interface, seconds: float) -> None:
        """Note how long a finished request took, whatever its outcome."""
        with self._lock:
            counts = self._of(interface)
            counts.buckets[bisect_left(_BUCKETS, seconds)] += 1
            counts.seconds += seconds

    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        """Count a request that brought no data; ``fail_code`` is None where no answer told one."""
        with self._lock:
            counts = self._of(interface)
            counts.failures[reason] += 1
            if fail_code is not None:
                counts.count_code(fail_code)

    def dropped(self, interface: Interface, count: int) -> None:
        """Count items of an answer that were not asked for or could not be read."""
        with self._lock:
            self._of(interface).dropped_items += count

    def samples(self) -> Mapping[str, Sequence[Sample]]:
        """What was counted so far, by metric."""
        rows: dict[str, list[Sample]] = {name: [] for name in (_REQUESTS, _FAILURES, _FAIL_CODES, _DROPPED, _DURATIONS)}
        with self._lock:
            for interface, counts in self._interfaces.items():
                labels = {"account": self._account, "interface": interface.value}
                rows[_REQUESTS].append(Sample(_REQUESTS, labels, counts.requests))
                rows[_FAILURES] += (
                    Sample(_FAILURES, {**labels, "reason": reason.value}, count)
                    for reason, count in counts.failures.items()
                )
                rows[_FAIL_CODES] += (
                    Sample(_FAIL_CODES, {**labels, "fail_code": code}, count) for code, count in counts.codes.items()
                )
                rows[_DROPPED].append(Sample(_DROPPED, labels, counts.dropped_items))
                rows[_DURATIONS] += counts.durations(labels)
        return rows

    def _of(self, interface: Interface) -> _InterfaceCounts:
        self.revision += 1
        return self._interfaces.setdefault(interface, _InterfaceCounts())
