"""A small chart of the last 24 hours as SVG, drawn on the server, with the same in words for who cannot see it."""

from collections.abc import Iterator, Sequence

from fusionsolar_exporter.web.status.markup import Markup, element
from fusionsolar_exporter.web.status.quantities import power

WIDTH, HEIGHT = 144, 320
_EDGE = 10
_NOTHING = Markup("")


def day_chart(points: Sequence[float | None], *, large: bool = False) -> Markup:
    """The curve; nothing where there are no two points to join. Gaps stay gaps."""
    known = [value for value in points if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return _NOTHING
    top, bottom = max(*known, 1.0), min(*known, 0.0)
    factor = HEIGHT / (top - bottom)
    lines = "".join(f"M{'L'.join(run)}" for run in _runs(points, top, factor) if len(run) > 1)
    zero = f"{top * factor:.0f}"
    words = f"Power over the last 24 hours: at most {power(max(known))}, at the end {power(known[-1])}"
    return element(
        "svg",
        element("title", words),
        element("path", d=f"M0 {zero}H{WIDTH}", class_="zero"),
        element("path", d=lines, class_="curve"),
        viewBox=f"0 {-_EDGE} {WIDTH} {HEIGHT + 2 * _EDGE}",
        role="img",
        aria_label=words,
        class_="chart large" if large else "chart",
        preserveAspectRatio="none",
    )


def _runs(points: Sequence[float | None], top: float, factor: float) -> Iterator[list[str]]:
    """The points that stand side by side, as SVG writes them."""
    step = WIDTH / max(len(points) - 1, 1)
    run: list[str] = []
    for place, value in enumerate(points):
        if value is not None:
            run.append("%d %d" % (place * step + 0.5, (top - value) * factor + 0.5))  # noqa: UP031 - half the time of an f-string
        elif run:
            yield run
            run = []
    yield run
