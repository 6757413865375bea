"""HTTP connections that were cut off so that others are served: plain numbers, for one thread."""

from collections.abc import Iterable
from enum import StrEnum

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import FAMILIES

_FAMILY = FAMILIES["fusionsolar_exporter_http_connections_cut_total"]


class CutReason(StrEnum):
    """Why a connection was cut off; values of the label ``reason``."""

    NO_ROOM = "no_room"
    """As many were being answered as are allowed: refused with 503."""
    DISPLACED = "displaced"
    """It was silent for longest, and made room for a new one."""
    SLOW_REQUEST = "slow_request"
    """Its request was not complete in time."""
    SLOW_READER = "slow_reader"
    """It did not read its answer in time."""
    CERTIFICATE = "certificate"
    """Its certificate has none of the names that are allowed."""


class ConnectionCounts(Collector):
    """Counts by reason, each from 0."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(CutReason, 0)

    def cut(self, reason: CutReason) -> None:
        """Count one connection."""
        self._counts[reason] += 1

    def collect(self) -> Iterable[Metric]:
        """The one metric."""
        yield _FAMILY.metric(
            Sample(_FAMILY.name, {"reason": reason.value}, count) for reason, count in self._counts.items()
        )
