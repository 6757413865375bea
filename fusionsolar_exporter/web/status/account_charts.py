"""The charts of one account's plants: drawn when somebody sees them, and again when they have another point."""

from collections.abc import Iterable

from fusionsolar_exporter.power_curves import BUCKET_SECONDS, PowerCurves
from fusionsolar_exporter.web.status.day_chart import day_chart
from fusionsolar_exporter.web.status.markup import Markup


class AccountCharts:
    """Safe from any thread: two may draw the same chart, and either will do. Moments are Unix seconds."""

    def __init__(self) -> None:
        self._version: object = None
        self._drawn: dict[str, Markup] = {}
        self._seen: set[str] = set()

    def of(self, curves: PowerCurves, code: str, now: float) -> Markup:
        """The chart of a plant; empty where there is nothing to draw."""
        self._seen.add(code)
        return self._chart(curves, code, now)

    def expect(self, codes: Iterable[str]) -> None:
        """These are likely to be looked at next."""
        self._seen.update(codes)

    def redraw(self, curves: PowerCurves, now: float) -> None:
        """Draw what was seen since the last time, so that whoever looks again waits for nothing."""
        seen, self._seen = self._seen, set()
        for code in seen:
            self._chart(curves, code, now)

    def _chart(self, curves: PowerCurves, code: str, now: float) -> Markup:
        version = curves, curves.changes, now // BUCKET_SECONDS  # looked up before the curve: never newer than that
        if version != self._version:
            self._drawn, self._version = {}, version
        drawn = self._drawn
        if code not in drawn:
            drawn[code] = day_chart(curves.curve(now, code))
        return drawn[code]
