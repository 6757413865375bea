"""Series that limits cut: counted at every scrape, told when it begins."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.text import label_value

CUT_SERIES = FAMILIES["fusionsolar_cut_series"]


class SeriesLimit(StrEnum):
    """The limits that cut series; values of the label ``limit`` and keys under ``limits`` in the configuration."""

    SERIES_PER_ACCOUNT = "series_per_account"
    UNKNOWN_KEYS = "unknown_keys"


Cuts = Mapping[tuple[str, SeriesLimit], int]
"""Series by account and the limit that cuts them, 0 included."""


class CutWarnings:
    """Calls ``on_cut(account, limit, series)`` when a limit begins to cut, and not again while it goes on."""

    def __init__(self, on_cut: Callable[[str, SeriesLimit, int], None]) -> None:
        self._on_cut = on_cut
        self._cutting: frozenset[tuple[str, SeriesLimit]] = frozenset()

    def tell(self, cuts: Cuts) -> None:
        """Take note of what is cut now."""
        cutting = frozenset(key for key, count in cuts.items() if count)
        begun, self._cutting = cutting - self._cutting, cutting
        for account, limit in sorted(begun):
            self._on_cut(account, limit, cuts[account, limit])


def cut_samples(cuts: Cuts) -> Sequence[Sample]:
    """What is cut as samples."""
    return [
        Sample(CUT_SERIES.name, {"account": label_value(account), "limit": limit.value}, count)
        for (account, limit), count in cuts.items()
    ]
