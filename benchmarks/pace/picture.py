"""A picture of a learning day: the distance of two calls, and the calls that were refused, beside what is allowed."""

from itertools import pairwise
from pathlib import Path

from benchmarks.pace.account import PLANTS, run
from benchmarks.pace.cases import NOON, facts
from benchmarks.pace.shapes import Changing, Window

_PLANTS, _HOURS, _HIGHEST = 230, 60.0, 420.0  # seconds
_LEFT, _TOP, _WIDTH, _HEIGHT = 64, 44, 800, 260
_TIGHT = (NOON, 3 * NOON)


def draw(path: Path) -> None:
    """Write the picture as SVG."""
    calls, window = facts(PLANTS, _PLANTS)
    shape = Changing(
        (0.0, Window(calls, window)), (_TIGHT[0], Window(calls, 2 * window)), (_TIGHT[1], Window(calls, window))
    )
    asked = run(_PLANTS, {PLANTS: shape}, _HOURS, alone=True)[PLANTS].asked
    moments = sorted([*asked.answered, *asked.refused])
    points = [(at, at - before) for before, at in pairwise(moments)]
    refused = set(asked.refused)
    dots = "".join(f'<circle cx="{_x(at):.1f}" cy="{_y(gap):.1f}" r="1.6"/>' for at, gap in points if at not in refused)
    crosses = "".join(
        f'<path d="M{_x(at) - 4:.1f} {_y(gap) - 4:.1f}l8 8m0 -8l-8 8"/>' for at, gap in points if at in refused
    )
    changes = (0.0, *_TIGHT, _HOURS * 3600)
    allowed = "M" + "L".join(
        f"{_x(at):.1f} {_y(1 / shape.rate(since)):.1f}" for since, until in pairwise(changes) for at in (since, until)
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 20} {_TOP + _HEIGHT + 48}" '
        'font-family="sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="{_LEFT}" y="20" fill="#222">getStationRealKpi, {_PLANTS} plants: seconds between two calls. '
        "The limit is halved at noon and restored a day later.</text>\n"
        f"{_axes()}\n"
        f'<path d="{allowed}" fill="none" stroke="#888" stroke-width="1.5" stroke-dasharray="6 4"/>\n'
        f'<g fill="#1f6fb4">{dots}</g>\n'
        f'<g fill="none" stroke="#c62828" stroke-width="2">{crosses}</g>\n'
        f'<text x="{_LEFT}" y="36" fill="#555">dashed: what the far side allows; dots: answered; '
        "crosses: refused</text>\n</svg>\n",
        encoding="utf-8",
    )


def _axes() -> str:
    lines = [
        f'<text x="{_x(hour * 3600):.0f}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle" fill="#555">{hour} h</text>'
        for hour in range(0, int(_HOURS) + 1, 6)
    ]
    lines += [
        f'<path d="M{_LEFT} {_y(seconds):.1f}h{_WIDTH}" stroke="#e4e4e4"/>'
        f'<text x="{_LEFT - 8}" y="{_y(seconds) + 4:.1f}" text-anchor="end" fill="#555">{seconds:.0f} s</text>'
        for seconds in range(0, int(_HIGHEST), 100)
    ]
    return "\n".join(lines)


def _x(at: float) -> float:
    return _LEFT + at / 3600 / _HOURS * _WIDTH


def _y(seconds: float) -> float:
    return _TOP + _HEIGHT * (1 - min(seconds, _HIGHEST) / _HIGHEST)
