"""A scrape as Prometheus reads it: parsed samples, asked for by name and labels."""

import re
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_FAMILY = re.compile(r"^# HELP (\S+)", re.MULTILINE)


class Scrape:
    """The samples of one exposition; a family is parsed when it is asked for, since the parser is slow."""

    def __init__(self, exposition: str) -> None:
        heads = list(_FAMILY.finditer(exposition))
        bounds = pairwise([*(head.start() for head in heads), len(exposition)])
        self._unread = {head[1]: exposition[start:end] for head, (start, end) in zip(heads, bounds, strict=True)}
        self._read: dict[str, list[Sample]] = {}

    def all(self, name: str, **labels: str) -> list[Sample]:
        """The samples of a name that have these labels among others."""
        return [sample for sample in self._samples(name) if labels.items() <= sample.labels.items()]

    def _samples(self, name: str) -> list[Sample]:
        if name in self._unread:
            families = text_string_to_metric_families(self._unread.pop(name))
            self._read[name] = [sample for family in families for sample in family.samples]
        return self._read.get(name, [])

    def value(self, name: str, **labels: str) -> float | None:
        """The one sample's value; None where there is none."""
        found = self.all(name, **labels)
        assert len(found) <= 1, f"{len(found)} samples of {name} have {labels}"
        return found[0].value if found else None

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """Values by one label, which tells the samples apart."""
        found = self.all(name, **labels)
        values = {sample.labels[label]: sample.value for sample in found}
        assert len(values) == len(found), f"samples of {name} share values of {label}"
        return values

    def accounts(self) -> set[str]:
        """Every account that has a series."""
        names = [*self._unread, *self._read]
        return {
            sample.labels["account"] for name in names for sample in self._samples(name) if "account" in sample.labels
        }

    @property
    def state(self) -> str:
        """The state of the only account."""
        (state,) = self.by("state", "fusionsolar_account_state")
        return state

    @property
    def up(self) -> float | None:
        """``fusionsolar_up`` of the only account."""
        return self.value("fusionsolar_up")

    def failures(self, interface: str) -> dict[str, float]:
        """Counts by reason, without zeros."""
        counts = self.by("reason", "fusionsolar_api_failures_total", interface=interface)
        return {reason: count for reason, count in counts.items() if count}

    def interval(self, collector: str) -> float:
        """``fusionsolar_collector_interval_seconds`` of a collector."""
        interval = self.value("fusionsolar_collector_interval_seconds", collector=collector)
        assert interval is not None
        return interval
