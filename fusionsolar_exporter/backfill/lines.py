"""Lines of OpenMetrics samples: what runs for every value of the past runs inside of the interpreter's own loops."""

from collections.abc import Sequence
from math import isfinite
from operator import add

_NUMBERS, _TIMES = 100_000, 64
"""How many texts are kept: of numbers, and of the times of a day."""


class HistoryLines:
    """Numbers and times come again and again: their texts are made once, as long as there are not too many."""

    def __init__(self) -> None:
        self._numbers = _NumberTexts()
        self._times: dict[bytes, list[bytes]] = {}

    def of(self, series: str, times: "memoryview[float]", values: Sequence[float]) -> bytes:
        """The samples of one series; none where a value is not finite."""
        texts = self._texts(times)
        # the sum of finite numbers is finite, but for the largest that there are
        if not isfinite(sum(values)):
            texts = [text for text, value in zip(texts, values, strict=True) if isfinite(value)]
            values = [value for value in values if isfinite(value)]
        return f"{series} ".encode().join((b"", *map(add, map(self._numbers.__getitem__, values), texts)))

    def _texts(self, times: "memoryview[float]") -> list[bytes]:
        key = times.tobytes()
        found = self._times.get(key)
        if found is None:
            if len(self._times) >= _TIMES:
                self._times.clear()
            found = self._times[key] = [b" %.0f\n" % at for at in times]
        return found


class _NumberTexts(dict[float, bytes]):
    def __missing__(self, value: float) -> bytes:
        text = repr(value + 0.0).encode()  # of two zeros, which are one key, that without a sign
        if len(self) < _NUMBERS:
            self[value] = text
        return text
