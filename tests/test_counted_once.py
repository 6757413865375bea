"""Rules and dashboards say the same with one replica, with two, and where Prometheus runs in pairs."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alert_tools.rule_files import groups
from grafana_support import HOUR, REPLICAS, Event, Fleets, Prometheus, prometheus_with, require_prometheus, run_day
from test_grafana_prometheus import asked

from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

HOURS = 13.0
_FIRST = f'instance="{REPLICAS[0]}"'
_OF_EACH_REPLICA = re.compile(r"_total\b|_bucket\b|\bprocess_|\binstance\b|fusionsolar_exporter_build_info|\bup\b")


def expressions() -> dict[str, str]:
    """What dashboards ask and rules evaluate, each recorded series replaced by what records it."""
    found = {f"{query.uid} {query.panel} {query.ref}": query.expr for query in asked()}
    recorded: dict[str, str] = {}
    for rule in (rule for group in groups() for rule in group["rules"]):
        expr = _expanded(rule["expr"], recorded)
        if "record" in rule and not _is_threshold(rule):
            recorded[rule["record"]] = f"({recorded[rule['record']]} or {expr})" if rule["record"] in recorded else expr
        found[rule.get("alert", rule.get("record"))] = expr
    return found


def _expanded(expr: str, recorded: dict[str, str]) -> str:
    def of(match: re.Match[str]) -> str:
        return f"({recorded[match[0]]})" if match[0] in recorded else match[0]

    without_comments = re.sub(r"#.*", "", expr)
    return re.sub(r"\bfusionsolar:[\w:]+(?![\w:{[])(?! offset)", of, without_comments)


def _is_threshold(rule: dict[str, Any]) -> bool:
    return re.fullmatch(r"vector\([-\d.]+\)", rule["expr"].strip()) is not None


def thresholds(lines: list[str]) -> list[str]:
    """What the rules compare with, as if recorded at the time of each scrape."""
    numbers = [rule for group in groups() for rule in group["rules"] if _is_threshold(rule)]
    moments = sorted({line.rpartition(" ")[2] for line in lines})
    return [f"{rule['record']} {rule['expr'].strip()[7:-1]} {moment}" for moment in moments for rule in numbers]


def variants(samples: str) -> Iterator[str]:
    """One replica, two replicas, and one replica in a pair of Prometheus servers."""
    both = samples.splitlines()[:-1]
    one = [line for line in both if _FIRST in line]
    pair = [line.replace(_FIRST, f'{_FIRST},prometheus_replica="{server}"') for line in one for server in "ab"]
    yield from ("\n".join([*lines, *thresholds(one), "# EOF\n"]) for lines in (one, both, pair))


def series(prometheus: Prometheus, expr: str, at: float) -> list[tuple[tuple[tuple[str, str], ...], str]]:
    """Labels and value of each, without the label that only tells the two servers of a pair apart."""
    answer: list[dict[str, Any]] = prometheus.instant(expr, at)
    return sorted(
        (
            tuple(sorted((key, value) for key, value in each["metric"].items() if key != "prometheus_replica")),
            f"{float(each['value'][1]):.6g}",
        )
        for each in answer
    )


def refuse(fleets: Fleets, _at: float) -> None:
    for system in fleets.systems.values():
        system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.PLANT_REAL_TIME, fail_code=407))


def stop(fleets: Fleets, at: float) -> None:
    for system in fleets.systems.values():
        fleet: SimulatedFleet = system.fleet
        fleet.fault(next(device.id for device in fleet.devices.values() if device.capacity_kw), at)


@pytest.mark.no_cover  # the tracer would double its time
def test_each_series_counts_once_however_it_is_scraped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_prometheus()
    fleets = Fleets({"roofs": FleetPlan(plants=2, devices_per_plant=6)})
    events = [Event(4, refuse), Event(11, refuse), Event(12, stop)]
    end = run_day(fleets, events, HOURS, tmp_path / "day.om", monkeypatch)
    samples = (tmp_path / "day.om").read_text(encoding="utf-8")

    with ExitStack() as stack:
        servers = []
        for name, text in zip(("one", "replicas", "pair"), variants(samples), strict=True):
            (tmp_path / name).mkdir()
            (tmp_path / name / "samples.om").write_text(text, encoding="utf-8")
            servers.append(stack.enter_context(prometheus_with(tmp_path / name / "samples.om", tmp_path / name)))
        one, replicas, pair = servers
        told = 0
        for name, expr in expressions().items():
            for at in (end, end - 6 * HOUR):
                expected = series(one, expr, at)
                told += bool(expected)
                assert series(pair, expr, at) == expected, name
                if not _OF_EACH_REPLICA.search(expr):
                    assert series(replicas, expr, at) == expected, name
        assert told > 200, "what has no series proves nothing"
