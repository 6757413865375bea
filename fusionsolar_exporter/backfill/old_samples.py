"""What a day's file holds already and a new run says nothing about: it stays."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fusionsolar_exporter.backfill.folder import FolderError, unusable
from fusionsolar_exporter.metrics.labels import Labels
from fusionsolar_exporter.metrics.text import pair

Subject = frozenset[str]
"""The labels that say of which plant or device a sample is."""

_SUBJECT = ("account", "plant_code", "device_id")
_SAMPLE = re.compile(rb"(?P<series>(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\{.*\}) [^ ]+ (?P<at>[0-9]+)\n")
_PAIR = re.compile(r'[{,]((?:account|plant_code|device_id)="(?:[^"\\]|\\.)*")')


def subject_of(labels: Labels) -> Subject:
    """Whom the samples with these labels are about."""
    return frozenset(pair(name, labels.values[name]) for name in _SUBJECT if name in labels.values)


@dataclass(slots=True)
class NewSamples:
    """From when to when (Unix seconds) there are new samples of each plant and device."""

    _spans: dict[Subject, tuple[float, float]] = field(default_factory=dict)

    def add(self, subject: Subject, first: float, last: float) -> None:
        """New samples, the first and the last of them."""
        begin, end = self._spans.get(subject, (first, last))
        self._spans[subject] = min(begin, first), max(end, last)

    def of(self, subject: Subject) -> tuple[float, float] | None:
        """Both ends included; None where there are none."""
        return self._spans.get(subject)


@dataclass(slots=True)
class OldSamples:
    """Lines by metric: of other accounts, of what is not listed any more, of hours outside of the new ones."""

    before: dict[str, list[bytes]] = field(default_factory=dict)
    """Those that stand before the new ones of their series."""
    after: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def metrics(self) -> set[str]:
        """What they are samples of."""
        return {*self.before, *self.after}


def old_samples(path: Path, new: NewSamples) -> OldSamples:
    """What of a file stays beside new samples; FolderError where no backfill has written it."""
    found = OldSamples()
    try:
        with path.open("rb") as lines:
            _sort(path, lines, new, found)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unusable(path, error) from None
    return found


def _sort(path: Path, lines: Iterable[bytes], new: NewSamples, found: OldSamples) -> None:
    series, span, line = b"", None, b""
    for line in lines:
        if line.startswith(b"#"):
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None:
            break
        if match["series"] != series:
            series = match["series"]
            span = new.of(frozenset(_PAIR.findall(series.decode(errors="replace"))))
        at = float(match["at"])
        if span is None or not span[0] <= at <= span[1]:
            kept = found.before if span is not None and at < span[0] else found.after
            kept.setdefault(match["name"].decode(), []).append(line)
    if line != b"# EOF\n":
        raise FolderError(f"{path} was not written by a backfill, and stays as it is: move it, or name another folder")
