"""Scraped samples as the input series of promtool's unit tests."""

from collections.abc import Iterator, Mapping
from itertools import groupby

_GAP, _STALE = "_", "stale"


class Recording:
    """Samples at even steps; a series that a scrape does not bring any more goes stale, as in Prometheus."""

    def __init__(self, step: int) -> None:
        self.step = step
        """Seconds."""
        self.scrapes = 0
        self._series: dict[tuple[str, frozenset[tuple[str, str]]], list[str]] = {}

    def begin_scrape(self) -> None:
        """What is added from now on is of the next scrape."""
        self.scrapes += 1

    def add(self, name: str, labels: Mapping[str, str], value: float) -> None:
        """Add a sample to the scrape."""
        values = self._series.setdefault((name, frozenset(labels.items())), [])
        gap = self.scrapes - 1 - len(values)
        if gap > 0 and values:
            values.append(_STALE)
            gap -= 1
        values.extend([_GAP] * gap)
        values.append(repr(float(value)))

    def input_series(self) -> Iterator[dict[str, str]]:
        """Every series as promtool takes it, repetitions shortened."""
        for (name, labels), values in self._series.items():
            ended = [] if len(values) == self.scrapes else [_STALE]
            shown = ",".join(f"{label}={_quoted(value)}" for label, value in sorted(labels))
            yield {"series": f"{name}{{{shown}}}", "values": " ".join(_shortened([*values, *ended]))}


def _shortened(values: list[str]) -> Iterator[str]:
    for value, same in groupby(values):
        times = sum(1 for _ in same)
        if value == _STALE:
            yield _STALE
        elif value == _GAP:
            yield f"_x{times}"
        else:
            yield value if times == 1 else f"{value}x{times - 1}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
