"""The picture of the scrape times: samples against milliseconds, both logarithmic."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 760, 480
FONT = 'font-family="sans-serif" font-size="13"'
LEFT, RIGHT, TOP, BOTTOM = 80, 210, 30, 60
COLOURS = {"exporter": "#0b6e4f", "nginx": "#8a8d91", "prometheus_client": "#c8553d"}


def draw(sizes: Sequence[Mapping[str, Any]]) -> str:
    """An SVG with a line for every server and format."""
    names = list(dict.fromkeys(name for row in sizes for name in row["seconds"]))
    lines = {
        name: [(row["samples"], row["seconds"][name]["median"] * 1e3) for row in sizes if name in row["seconds"]]
        for name in names
    }
    points = [point for line in lines.values() for point in line]
    horizontal = [math.log10(x) for x, _ in points]
    low_x, high_x = min(horizontal) - 0.05, max(horizontal) + 0.05
    low_y = math.floor(min(math.log10(y) for _, y in points))
    high_y = math.ceil(max(math.log10(y) for _, y in points))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (math.log10(x) - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (math.log10(y) - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="15">Median time of one scrape (ms) by samples</text>',
    ]
    for power in range(low_y, high_y + 1):
        _, y = place(10**low_x, 10.0**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for row in sizes:
        x, y = place(row["samples"], 10.0**low_y)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">{row["samples"]:,}</text>')
    labels: list[tuple[float, str, str]] = []
    for name, line in lines.items():
        colour = COLOURS[name.partition(",")[0]]
        dashes = ' stroke-dasharray="6 4"' if name.endswith("gzip") else ""
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        parts.append(f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts.extend(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in (place(*point) for point in line)
        )
        labels.append((place(*line[-1])[1], name, colour))
    at = 0.0
    for y, name, colour in sorted(labels):
        at = max(y + 4, at + 16)
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{at:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
