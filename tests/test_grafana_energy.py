"""Bars of days, months and years over a real Prometheus: a plant with reports, past and live, and one with counters."""

import json
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_tools.promtool import promtool
from support.past_prometheus import PastPrometheus, past_prometheus

pytestmark = pytest.mark.no_cover

BOARD = Path(__file__).parents[1] / "grafana" / "dashboards" / "fusionsolar-plant.json"
DAY, HOUR = 86400, 3600
LIVE_SINCE, END = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 5, tzinfo=UTC)
REPORTED, COUNTED = (
    f'account="home",plant="{name}",plant_code="{code}"'
    for name, code in (("With reports", "A"), ("With counters", "B"))
)
YIELD = "fusionsolar_plant_{}_report_inverter_yield_watthours"
BEGUN = "fusionsolar_plant_{}_report_period_timestamp_seconds"


def unix(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def energy(kind: str, begin: datetime) -> int:
    """What the reported plant yielded in a period, in watthours."""
    return begin.year * 10_000 + begin.month * 100 + {"daily": begin.day, "monthly": 0, "yearly": 50}[kind]


def after(kind: str, begin: datetime) -> datetime:
    days = {"daily": 1, "monthly": monthrange(begin.year, begin.month)[1], "yearly": 365 + (begin.year % 4 == 0)}
    return begin + timedelta(days=days[kind])


def samples(kind: str, zone: timedelta) -> tuple[list[str], list[str]]:
    """As a backfill writes them, and then as live scrapes bring them, twenty minutes after a period's end."""
    values, moments = [], []

    def add(begin: datetime, at: datetime) -> None:
        stamp = int((at - zone).timestamp())
        labels = f'{{{REPORTED},period="last"}}'
        values.append(f"{YIELD.format(kind)}{labels} {energy(kind, begin)} {stamp}")
        moments.append(f"{BEGUN.format(kind)}{labels} {int((begin - zone).timestamp())} {stamp}")

    begin = datetime(2024, 1, 1, tzinfo=UTC)
    while (end := after(kind, begin)) <= LIVE_SINCE:
        add(begin, end - timedelta(seconds=1))
        begin, before = end, begin
    at = LIVE_SINCE + timedelta(minutes=20)
    while at < END:
        while after(kind, begin) <= at - timedelta(minutes=15):
            begin, before = after(kind, begin), begin
        add(before, at)
        at += timedelta(hours=1)
    return values, moments


def running(directory: Path, zone: timedelta) -> Path:
    """Blocks of both plants."""
    lines = []
    for kind in ("daily", "monthly", "yearly"):
        for name, some in zip((YIELD, BEGUN), samples(kind, zone), strict=True):
            lines += [f"# TYPE {name.format(kind)} gauge", *some]
    lines.append("# TYPE fusionsolar_plant_yield_watthours counter")
    hours = (unix(2025, 7, 5) - unix(2024, 1, 1)) // HOUR
    counter = f"fusionsolar_plant_yield_watthours_total{{{COUNTED}}}"
    lines += [f"{counter} {hour} {unix(2024, 1, 1) + hour * HOUR}" for hour in range(hours)]
    source = directory / "both.om"
    source.write_text("\n".join([*lines, "# EOF", ""]))
    made = promtool(
        "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=8760h", str(source), str(directory / "data")
    )
    assert made.returncode == 0, made.stderr
    return directory / "data"


def bars(prometheus: PastPrometheus, title: str, ref: str, plant: str, begin: int, end: int) -> dict[str, float]:
    """What a panel shows of plants from midnight to midnight, by the date at which a bar stands."""
    (panel,) = (panel for panel in json.loads(BOARD.read_text())["panels"] if panel["title"] == title)
    (query,) = (target["expr"] for target in panel["targets"] if target["refId"] == ref)
    query = query.replace("$account", ".*").replace("$plant", plant)
    found = prometheus.points(query, begin, end, DAY)
    points = found[0][1] if found else {}
    return {datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d"): value for at, value in points.items()}


@pytest.mark.parametrize("zone", [-10, 0, 12])
def test_bars_are_of_their_periods_from_reports_and_from_counters(tmp_path: Path, zone: int) -> None:
    with past_prometheus(running(tmp_path, timedelta(hours=zone)), tmp_path) as prometheus:
        begin, end = unix(2024, 12, 2), unix(2025, 7, 3)
        months = bars(prometheus, "Energy per month", "A", "A", begin, end)
        assert months == {f"2025-0{month + 1}-01": 20_250_000 + month * 100 for month in range(1, 7)} | {
            "2025-01-01": 20_241_200
        }
        counted = bars(prometheus, "Energy per month", "A", "B", begin, end)
        lengths = {"2025-01-01": 31, "2025-02-01": 31, "2025-03-01": 28, "2025-04-01": 31}
        lengths |= {"2025-05-01": 30, "2025-06-01": 31, "2025-07-01": 30}
        assert counted == pytest.approx({day: days * 24 for day, days in lengths.items()})
        both = bars(prometheus, "Energy per month", "A", ".*", begin, end)
        assert both == {day: months[day] + counted[day] for day in months}

        title = "Yield of the month, against the same month of last year"
        assert bars(prometheus, title, "A", "A", begin, end) == months
        before = bars(prometheus, title, "B", "A", unix(2025, 1, 2), end)
        assert before == {f"2025-0{month + 1}-01": 20_240_000 + month * 100 for month in range(1, 7)}
        assert bars(prometheus, title, "B", "B", unix(2025, 6, 20), end) == {"2025-07-01": 720}

        assert bars(prometheus, "Energy per year", "A", "A", begin, end) == {"2025-01-01": 20_240_150}
        assert bars(prometheus, "Energy per year", "A", "B", begin, end) == {"2025-01-01": 366 * 24}

        days = bars(prometheus, "Energy per day", "A", "A", begin, end)
        ended = [datetime(2024, 12, 2, tzinfo=UTC) + timedelta(days=day) for day in range(214)]
        # at a quarter to one in London, the day of Auckland is over
        ahead = timedelta(days=0 if zone == 12 else 1)
        assert days == {f"{at:%Y-%m-%d}": energy("daily", at - ahead) for at in ended}
        counted = bars(prometheus, "Energy per day", "A", "B", begin, end)
        assert counted == pytest.approx(dict.fromkeys(days, 24.0))
