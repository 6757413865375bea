"""Every query of every panel, asked of a real Prometheus that holds a simulated day of two accounts."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grafana_support import (
    HOUR,
    REPLICAS,
    Event,
    Fleets,
    Prometheus,
    prometheus_with,
    require_prometheus,
    run_day,
)

from fusionsolar_exporter.simulator.alarms import ALARM_KINDS, AlarmLevel
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import FleetPlan

DIRECTORY = Path(__file__).parents[1] / "grafana" / "dashboards"
HOURS = 26.0  # a day, and what was a day before its end
STEP = 600.0
UNDOCUMENTED = 23070
ROOFS, PARKS = "roofs", "parks"

MUST_BE_EMPTY = {
    **{
        (uid, panel, ref): "neither a month nor a year ends in this day"
        for uid in ("fusionsolar-fleet", "fusionsolar-plant")
        for panel in ("Energy per month", "Energy per year")
        for ref in "ABC"
    },
    **{
        ("fusionsolar-plant", "Yield of the month, against the same month of last year", ref): "likewise"
        for ref in "AB"
    },
    ("fusionsolar-performance", "Specific yield of 30 days, against the year before", "B"): "a day has no year before",
    ("fusionsolar-exporter-health", "Slower than documented", "A"): "the simulated limits are the documented ones",
    ("fusionsolar-fleet", "Inverters by state", "F"): "no simulated inverter is ever inspected or scanned",
}
"""Uid, panel and query that have no data in a day like this one, and why."""


@dataclass(frozen=True)
class Asked:
    uid: str
    panel: str
    ref: str
    expr: str
    instant: bool


def asked() -> Iterator[Asked]:
    """Every query, with all accounts, plants and devices chosen."""
    for path in sorted(DIRECTORY.glob("*.json")):
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                expr = chosen(target["expr"])
                assert "$" not in expr, expr
                yield Asked(board["uid"], panel["title"], target["refId"], expr, bool(target.get("instant")))


def chosen(expr: str, **choice: str) -> str:
    """A query as Grafana sends it."""
    expr = expr.replace("$__rate_interval", f"{4 * STEP:.0f}s")
    return re.sub(r"\$(\w+)", lambda match: choice.get(match.group(1), ".*"), expr)


def happenings() -> list[Event]:
    """Enough for each panel to have something to show at the end of the day."""

    def stop(fleets: Fleets, at: float) -> None:
        fleet = fleets.systems[PARKS].fleet
        fleet.fault(_first_inverter(fleet), at)

    def alarm(fleets: Fleets, at: float) -> None:
        fleet = fleets.systems[PARKS].fleet
        critical = next(kind for kind in ALARM_KINDS if kind.level is AlarmLevel.CRITICAL)
        logger = next(device.id for device in fleet.devices.values() if device.type_id == DeviceType.SMARTLOGGER)
        fleet.raise_alarm(logger, critical, at)

    def lose(fleets: Fleets, at: float) -> None:
        fleet = fleets.systems[ROOFS].fleet
        fleet.fault(_first_inverter(fleet), at, InverterState.COMMUNICATION_INTERRUPTED)

    def find(fleets: Fleets, at: float) -> None:
        fleet = fleets.systems[ROOFS].fleet
        fleet.repair(_first_inverter(fleet), at)

    def refuse(fleets: Fleets, _at: float) -> None:
        fleets.systems[ROOFS].faults.order(Fault(FaultKind.FAIL_CODE, Interface.PLANT_REAL_TIME, fail_code=407))

    return [Event(12, refuse), Event(15, lose), Event(17, find), Event(19, alarm), Event(20, stop)]


def _first_inverter(fleet: SimulatedFleet) -> str:
    return next(device.id for device in fleet.devices.values() if device.capacity_kw)


def fleets() -> Fleets:
    parks = {DeviceType.STRING_INVERTER: 2, DeviceType.EMI: 1, DeviceType.GRID_METER: 1, DeviceType.ESS: 1}
    rest = {DeviceType.SMARTLOGGER: 1, UNDOCUMENTED: 1}
    made = Fleets({ROOFS: FleetPlan(plants=2, devices_per_plant=6), PARKS: FleetPlan(plants=2, devices=parks | rest)})
    made.systems[PARKS].rules = Rules(quirks=True)  # values as newer systems send them
    return made


def add_recorded(path: Path, end: float) -> None:
    """Add what recording rules would have made by then: their own tests say what that is."""
    found = {name for query in asked() for name in re.findall(r"fusionsolar:\w+:\w+", query.expr)}
    plant = 'account="parks",plant_code="NE=35436000",plant="Alder Farm 1"'
    device = f'{plant},device_id="1",device="Inverter-1",device_type="string_inverter"'
    labels = {"pv_string": f'{device},pv="1"', "mppt": f'{device},mppt="1"', "battery": device}
    text = path.read_text(encoding="utf-8").removesuffix("# EOF\n")
    for name in sorted(found):
        kind = next((known for known in labels if name.startswith(f"fusionsolar:{known}")), "")
        own = labels.get(kind, plant) + (',energy="yield"' if ":plant_energy_" in name else "")
        moments = [end - number * STEP for number in reversed(range(144))]
        text += "".join(f"{name}{{{own}}} 1 {moment:.0f}\n" for moment in moments)
    path.write_text(f"{text}# EOF\n", encoding="utf-8")


def has_values(series: list[dict[str, Any]]) -> bool:
    values = (value for each in series for _, value in each.get("values", [each.get("value")]))
    return any(not math.isnan(float(value)) for value in values)


def check_queries(prometheus: Prometheus, end: float) -> None:
    empty = set()
    count = 0
    for query in asked():
        count += 1
        found = (
            prometheus.instant(query.expr, end)
            if query.instant
            else prometheus.range(query.expr, end - 24 * HOUR, end, STEP)
        )
        if not has_values(found):
            empty.add((query.uid, query.panel, query.ref))
    assert empty == MUST_BE_EMPTY.keys()
    assert count > 150


def check_tables(prometheus: Prometheus, end: float) -> None:
    """Rows are joined by their labels, so no query of a table may give one row twice."""
    for query in asked():
        if query.instant:
            rows = [tuple(sorted(each["metric"].items())) for each in prometheus.instant(query.expr, end)]
            assert len(set(rows)) == len(rows), query
            assert not any("instance" in dict(row) for row in rows) or query.panel == "Replicas", query


def check_replicas(prometheus: Prometheus, end: float) -> None:
    """Two replicas are scraped; neither plants nor watts count twice."""
    once = f'sum(fusionsolar_plant_active_power_watts{{instance="{REPLICAS[0]}"}})'
    shown = {(query.uid, query.panel): query.expr for query in asked()}
    (power,) = prometheus.instant(shown["fusionsolar-fleet", "Power now"], end)
    (expected,) = prometheus.instant(once, end)
    assert power["value"] == expected["value"]
    assert float(power["value"][1]) > 0
    rows = prometheus.instant(shown["fusionsolar-fleet", "Plants, least yield first"], end)
    assert len(rows) == 4
    assert len({(row["metric"]["account"], row["metric"]["plant_code"]) for row in rows}) == 4
    (stopped,) = prometheus.instant(shown["fusionsolar-fleet", "Inverters stopped"], end)
    assert float(stopped["value"][1]) == 1


def check_choices(prometheus: Prometheus, end: float) -> None:
    """Variables offer names and choose codes, each among those that the ones before it leave."""
    board = json.loads((DIRECTORY / "fusionsolar-device.json").read_text())
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    (label,) = re.fullmatch(r"label_values\((.+), account\)", variables["account"]["query"]).groups()  # type: ignore[union-attr]
    accounts = prometheus.get("label/account/values", **{"match[]": label, "start": end - HOUR, "end": end})
    plants = offered(prometheus, variables["plant"], end, account=PARKS)
    devices = offered(prometheus, variables["device"], end, account=PARKS, plant="NE=35436000")

    assert accounts == [PARKS, ROOFS]
    assert plants == {"Alder Farm 1": "NE=35436000", "Birch Lane 2": "NE=35436001"}
    assert len(devices) == 7
    assert all(value.isdigit() for value in devices.values())
    assert "String-Inverter-1" in devices


def offered(prometheus: Prometheus, variable: dict[str, Any], end: float, **choice: str) -> dict[str, str]:
    """The options of a variable, made as Grafana makes them: each series as text, taken apart by the expression."""
    (expr,) = re.fullmatch(r"query_result\((.+)\)", variable["query"]).groups()  # type: ignore[union-attr]
    pattern = re.compile(variable["regex"].strip("/").replace("(?<", "(?P<"))
    options = {}
    for series in prometheus.instant(chosen(expr, **choice), end):
        labels = ",".join(f'{name}="{value}"' for name, value in series["metric"].items())
        match = pattern.search(f"{{{labels}}} {series['value'][1]} {end * 1000:.0f}")
        assert match is not None
        options[match["text"]] = match["value"]
    return options


@pytest.mark.no_cover  # the tracer would double its time
def test_a_day_of_two_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_prometheus()
    samples = tmp_path / "day.om"
    end = run_day(fleets(), happenings(), HOURS, samples, monkeypatch)

    add_recorded(samples, end)
    with prometheus_with(samples, tmp_path) as prometheus:
        check_queries(prometheus, end)
        check_tables(prometheus, end)
        check_replicas(prometheus, end)
        check_choices(prometheus, end)
