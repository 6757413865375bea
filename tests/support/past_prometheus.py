"""A real Prometheus over blocks of the past."""

import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alert_tools.promtool import program
from alert_tools.servers import ask, serving

from support.measured import Measured, measured

SCRIPTS = Path(__file__).parents[2] / "scripts"
_MOST_POINTS = 10_000
"""Of one answer, which has at most 11,000 of a series."""


@dataclass(frozen=True)
class PastPrometheus:
    """A running one, asked about any time."""

    url: str
    data: Path

    def points(
        self, query: str, begin: float, end: float, step: float
    ) -> list[tuple[dict[str, str], dict[float, float]]]:
        """Labels and values by time of each series that a query gives from ``begin`` to ``end``, both included."""
        found: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        while begin <= end:
            until = min(end, begin + _MOST_POINTS * step)
            for series in self._get("query_range", query=query, start=begin, end=until, step=step)["result"]:
                points = found.setdefault(tuple(sorted(series["metric"].items())), {})
                points |= {float(at): float(value) for at, value in series["values"]}
            begin = until + step
        return [(dict(labels), points) for labels, points in found.items()]

    def series(self, selector: str, begin: float, end: float) -> list[dict[str, str]]:
        """The labels of every series that has something in a time."""
        found: list[dict[str, str]] = self._get("series", **{"match[]": selector, "start": begin, "end": end})
        return found

    def _get(self, path: str, **asked: Any) -> Any:
        return ask(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(asked)}")["data"]


@contextmanager
def past_prometheus(
    data: Path, directory: Path, config: str = "global: {scrape_interval: 15s}\n"
) -> Iterator[PastPrometheus]:
    """Prometheus on the blocks in ``data``."""
    path = directory / "prometheus.yml"
    path.write_text(config)
    arguments = (
        f"--config.file={path}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        "--web.listen-address=127.0.0.1:0",
    )
    with serving(program("prometheus"), *arguments, log=directory / "prometheus.log") as url:
        yield PastPrometheus(url, data)


def run_script(name: str, *arguments: str) -> Measured:
    """One of ``scripts/``, which has to work."""
    program("promtool")
    ran = measured(str(SCRIPTS / name), *arguments)
    assert ran.status == 0, ran.errors
    return ran


def make_blocks(folders: Sequence[Path], data: Path) -> Sequence[Measured]:
    """Blocks of what backfills have written; what each folder took."""
    return [run_script("backfill-blocks", str(folder), str(data)) for folder in folders]
