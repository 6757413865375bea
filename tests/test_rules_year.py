"""The rules about power against the simulator's truth: a year of every kind of home at three latitudes."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from math import ceil
from pathlib import Path

import pytest
from alert_tools.promtool import evaluate
from alert_tools.quiet_days import names
from alert_tools.recording import Recording
from alert_tools.rule_files import alerts
from alert_tools.simulated_time import SimulatedTime

from fusionsolar_exporter.simulator.balance import Balance, power_balance
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.local_year import day_start
from fusionsolar_exporter.simulator.plan import PLANT_KINDS, FleetPlan
from fusionsolar_exporter.simulator.plants import SimulatedPlant
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.site import Place

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

LATITUDES = (Place(0.0, 0.0, 0), Place(48.0, 0.0, 0), Place(65.0, 0.0, 0))
HOURS = 61  # between samples, so that every hour of the day comes in turn
SAMPLES = 365 * 24 // HOURS
PARTS = 3  # of the year: promtool takes 10,000 samples at a time
REFRESHED = 90.0  # seconds in which the exporter asks for everything before it is scraped
LEAST_KILOWATTS = 0.05  # of less, rounding to watts is more than a percent or two


def load(balance: Balance) -> float:
    """A battery that the system does not list is a load, or a source, like any other."""
    return balance.demand + balance.foreign_charged


def self_consumption(balance: Balance) -> float | None:
    used = max(min(load(balance), balance.inverters), 0.0)
    return used / balance.inverters if balance.inverters > LEAST_KILOWATTS else None


def self_sufficiency(balance: Balance) -> float | None:
    drawn = max(-balance.net, 0.0)
    return max(load(balance) - drawn, 0.0) / load(balance) if load(balance) > LEAST_KILOWATTS else None


TRUTHS: Mapping[str, Callable[[Balance], float | None]] = {
    "plant_sun_power:kilowatts": lambda balance: balance.sun,
    "plant_inverter_power:kilowatts": lambda balance: balance.inverters,
    "plant_grid_power:kilowatts": lambda balance: balance.net,
    "plant_feed_in_power:kilowatts": lambda balance: max(balance.net, 0.0),
    "plant_purchased_power:kilowatts": lambda balance: max(-balance.net, 0.0),
    "plant_storage_power:kilowatts": lambda balance: balance.ac_charged or None,  # absent without storage
    "plant_balance:kilowatts": load,
    "plant_consumption_power:kilowatts": load,
    "plant_self_consumption:ratio": self_consumption,
    "plant_self_sufficiency:ratio": self_sufficiency,
}


def turned(plant: SimulatedPlant) -> Iterator[dict[str, object]]:
    """What its owner writes into ``kpi_overrides``, as doctor says."""
    if plant.installation.meter_sign < 0:
        yield {"device_type_id": 17, "key": "active_power", "scale": -1000, "plants": [plant.code]}
    if plant.installation.storage_sign < 0:
        yield {"device_type_id": 41, "key": "ch_discharge_power", "scale": -1, "plants": [plant.code]}


def year(begin: float, *, quirks: bool) -> tuple[Recording, int]:
    """A year of scrapes, with the truth beside them; and how many plants there are."""
    kinds = tuple(PLANT_KINDS.values())
    plan = FleetPlan(plants=len(kinds) * len(LATITUDES), kinds=kinds, places=LATITUDES, start=begin, alarm_share=0)
    overrides = [entry for plant in SimulatedFleet(plan).plants.values() for entry in turned(plant)]
    of_strings = re.compile("_pv_|_mppt_")
    wanted = frozenset(name for name in names() if not of_strings.search(name))
    world = SimulatedTime(plan, begin, wanted, quirks=quirks, account_keys={"kpi_overrides": overrides})
    recording = Recording(HOURS * 3600)
    for sample in range(SAMPLES):
        moment = begin + (sample + 1) * recording.step
        world.pass_over(moment - REFRESHED)
        world.run(REFRESHED, Recording(int(REFRESHED)))
        world.scrape(recording, world.names)
        for plant in world.fleet.plants.values():
            labels = {"account": "home", "plant_code": plant.code, "plant": plant.name}
            balance = power_balance(Scene(plant, moment))
            for name, truth in TRUTHS.items():
                value = truth(balance)
                if value is not None:
                    recording.add(f"true:{name}", labels, value)
    return recording, len(world.fleet.plants)


@pytest.mark.parametrize("quirks", [False, True], ids=["documented", "quirks"])
def test_a_year_of_every_home(quirks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # as real servers have values of every five minutes: what is asked within seconds is of one moment
    monkeypatch.setattr(
        Call, "scene", lambda call, plant: Scene(plant, ceil(call.at / 300) * 300, call.registers(plant))
    )
    begin = day_start(date(2025, 1, 1), 0)
    recording, plants = year(begin, quirks=quirks)
    span = ceil(recording.scrapes / PARTS) * recording.step
    window = f"[{span}s:{recording.step}s]"
    windows = [window, *(f"{window} offset {part * span}s" for part in range(1, PARTS))]

    def over_the_year(function: str, expression: str) -> list[str]:
        return [f"{function}_over_time(({expression}){window})" for window in windows]

    (idle,) = (rule["expr"] for rule in alerts() if rule["alert"] == "FusionSolarInverterNotProducing")
    queries = [
        *over_the_year("count", idle),
        *over_the_year("min", "fusionsolar:plant_consumption_power:kilowatts"),
    ]
    for name in TRUTHS:
        rule, truth = f"fusionsolar:{name}", f"true:{name}"
        # with quirks half of the plants have no coordinates, and nobody knows of their night
        known = "and on (plant_code) fusionsolar:plant_sun:elevation_degrees"
        queries += over_the_year("max", f"abs({rule} - {truth}) / clamp_min(abs({truth}), {LEAST_KILOWATTS})")
        queries += over_the_year("count", f"{truth} unless {rule} {known}")

    answers = evaluate(recording, begin + recording.step, tmp_path, queries, thresholds={})

    parts = [answers[start : start + PARTS] for start in range(0, len(answers), PARTS)]
    not_producing, least_consumption, errors, gaps = parts[0], parts[1], parts[2::2], parts[3::2]
    worst = {name: max(max(found.values()) for found in some) for name, some in zip(TRUTHS, errors, strict=True)}
    assert {name: error for name, error in worst.items() if error > 0.02} == {}
    assert [found for some in gaps for found in some if found] == []
    assert [found for found in not_producing if found] == []
    assert [len(found) for found in least_consumption] == [plants] * PARTS
    assert min(min(found.values()) for found in least_consumption) >= 0
