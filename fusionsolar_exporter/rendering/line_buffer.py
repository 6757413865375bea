"""The samples of one part as finished lines, by metric."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES
from fusionsolar_exporter.metrics.labels import NONE, DeviceLabels, Labels
from fusionsolar_exporter.metrics.routes import KeyRoute, Routes
from fusionsolar_exporter.metrics.text import number, pair
from fusionsolar_exporter.northbound.bounds import MOST_KEYS

_PLAIN_BELOW = 1e6  # smaller values are written as Python does
_LOWEST = -1.7976931348623157e308
_TEMPLATES = 1000


class _Step(NamedTuple):
    """How the value of one key becomes a line: everything of it but the device's labels and the value."""

    slot: int
    before: str
    between: str
    after: str
    multiplier: float
    divisor: float
    string: str


@dataclass(frozen=True, slots=True)
class _LineTemplate:
    """The steps for readings with the same keys in the same order."""

    steps: Sequence[_Step | None]
    unknown: Sequence[str]


class LineTemplates:
    """What is made once for all readings that look alike, for as long as the settings stay."""

    def __init__(self, exports: Callable[[str], bool]) -> None:
        names = [family.name for family in FAMILIES.values() if family.scope in DATA_SCOPES and exports(family.name)]
        self.slots: Mapping[str, int] = {name: slot for slot, name in enumerate(names)}
        self._templates: dict[tuple[object, tuple[str, ...]], _LineTemplate] = {}
        self._keys = 0

    def of(self, routes: Routes, keys: tuple[str, ...]) -> _LineTemplate:
        """The template for readings of devices with the same routes and these keys."""
        template = self._templates.get((routes.identity, keys))
        if template is None:
            self._keys += len(keys)
            if len(self._templates) >= _TEMPLATES or self._keys > MOST_KEYS:
                self._templates.clear()  # the far side leaves out keys at random
                self._keys = len(keys)
            found = {key: routes[key] for key in keys}
            template = _LineTemplate(
                [None if route is None else self._step(route) for route in found.values()],
                [key for key, route in found.items() if route is None],
            )
            self._templates[routes.identity, keys] = template
        return template

    def _step(self, route: KeyRoute) -> _Step | None:
        slot = self.slots.get(route.metric)
        if slot is None:
            return None
        extra = pair(route.label, route.label_value) if route.label else ""
        last = route.label > DeviceLabels.LAST_OF_TAIL
        between, after = ("", f",{extra}") if last else (f"{extra}," if extra else "", "")
        scale = route.multiplier, route.divisor
        return _Step(slot, f"{route.metric}{{", between, f"{after}}} ", *scale, route.string)


class LineBuffer:
    """A writer that gives finished lines."""

    def __init__(self, templates: LineTemplates) -> None:
        self._templates = templates
        self._lines: list[list[str]] = [[] for _ in templates.slots]

    def exports(self, name: str) -> bool:
        """Whether samples of this metric are kept."""
        return name in self._templates.slots

    def add(self, name: str, labels: Labels, value: float | None, extra: Mapping[str, str] = NONE) -> None:
        """Add one sample; a value that is missing or not finite has none."""
        slot = self._templates.slots.get(name)
        if slot is not None and value is not None and isfinite(value):
            self._lines[slot].append(f"{name}{{{labels.joined(extra)}}} {number(value)}\n")

    def add_values(
        self, labels: DeviceLabels, values: Mapping[str, float], routes: Routes, strings: Collection[str] | None
    ) -> Mapping[str, float]:
        """Add the values of one device whose keys are known; return the others."""
        template = self._templates.of(routes, tuple(values))
        lines, head, tail = self._lines, labels.head, labels.tail
        # the one loop that runs for every value of the fleet
        for step, value in zip(template.steps, values.values(), strict=True):
            if step is None:
                continue
            slot, before, between, after, multiplier, divisor, string = step
            if string and strings is not None and string not in strings:
                continue
            converted = value * multiplier / divisor
            if _LOWEST <= converted < _PLAIN_BELOW:
                lines[slot].append(f"{before}{head}{between}{tail}{after}{converted!r}\n")
            elif isfinite(converted):
                lines[slot].append(f"{before}{head}{between}{tail}{after}{number(converted)}\n")
        return {key: values[key] for key in template.unknown}

    def texts(self) -> Iterator[tuple[str, bytes, int]]:
        """The metrics that have samples, with their lines and how many they are."""
        for name, lines in zip(self._templates.slots, self._lines, strict=True):
            if lines:
                yield name, "".join(lines).encode(), len(lines)
