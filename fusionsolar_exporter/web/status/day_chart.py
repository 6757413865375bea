"""A small chart of the last 24 hours as SVG, drawn on the server, with the same in words for who cannot see it."""

from collections.abc import Iterator, Sequence

from fusionsolar_exporter.power_curves import POINTS
from fusionsolar_exporter.web.status.markup import Markup, element
from fusionsolar_exporter.web.status.quantities import power

HEIGHT = 320
_EDGE = 10
_NOTHING = Markup("")
_PLACES = [f"{place} %d" for place in range(POINTS)]


def day_chart(points: Sequence[float | None], *, large: bool = False) -> Markup:
    """The curve; nothing where there are no two points to join. Gaps stay gaps."""
    known = [value for value in points if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return _NOTHING
    top, bottom = max(*known, 1.0), min(*known, 0.0)
    factor = HEIGHT / (top - bottom)
    width, zero = f"{len(points) - 1}", f"{top * factor:.0f}"
    words = f"Power over the last 24 hours: at most {power(max(known))}, at the end {power(known[-1])}"
    return element(
        "svg",
        element("title", words),
        element("path", d=f"M0 {zero}H{width}", class_="zero"),
        element("path", d="".join(_lines(points, top, factor)), class_="curve"),
        viewBox=f"0 {-_EDGE} {width} {HEIGHT + 2 * _EDGE}",
        role="img",
        aria_label=words,
        class_="chart large" if large else "chart",
        preserveAspectRatio="none",
    )


def _lines(points: Sequence[float | None], top: float, factor: float) -> Iterator[str]:
    """The points that stand side by side, as SVG writes them."""
    edge = top * factor + 0.5  # what is formatted is cut off, not rounded
    start = 0
    for end in [*(place for place, value in enumerate(points) if value is None), len(points)]:
        if end > start + 1:
            heights = tuple([edge - value * factor for value in points[start:end] if value is not None])
            yield f"M{'L'.join(_PLACES[start:end])}" % heights  # a hundred charts are drawn for one page
        start = end + 1
