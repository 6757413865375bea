"""Values: every documented key, the sun's course, and sums that agree from string to plant and from day to total."""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from test_simulator_support import World

from fusionsolar_exporter.simulator.device_types import UNDOCUMENTED_ANSWERING, DeviceType
from fusionsolar_exporter.simulator.plan import FleetPlan, usual_devices
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.site import Place

MADRID = Place(40.42, -3.70, 1)
LONDON = Place(51.5, 0.0, 0)
KPIS = Path(__file__).parent / "data" / "kpis_realtime.tsv"
EVERYTHING = dict.fromkeys((1, 10, 17, 38, 39, 41, 47), 2)


def documented_keys() -> dict[str, set[str]]:
    keys = defaultdict(set)
    with KPIS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            keys[row["device_type_id"]].add(row["key"])
    return keys


def at(day: str, hour: float) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + hour * 3600


def sunny(place: Place = LONDON, **plan: Any) -> World:
    return World(
        FleetPlan(**{"plants": 1, "devices": EVERYTHING, "clouds": False, "places": (place,), **plan})
    ).logged_in()


@pytest.mark.parametrize("hour", [0, 4, 7, 12, 19])
def test_every_documented_key_is_there_at_any_hour_and_no_other(hour: float) -> None:
    world = sunny()
    world.now = at("2025-06-21", hour)
    keys = documented_keys()
    assert {frozenset(values) for values in world.plant_values().values()} == {frozenset(keys.pop(""))}
    assert set(map(int, keys)) == set(EVERYTHING)
    for type_id, expected in keys.items():
        for values in world.device_values(int(type_id)).values():
            assert values.keys() == expected
            assert all(isinstance(value, int | float) for value in values.values())


def test_undocumented_type_answers_with_keys_of_its_own() -> None:
    (type_id,) = UNDOCUMENTED_ANSWERING
    world = sunny(devices={type_id: 1})
    assert all(values["run_state"] == 1 for values in world.device_values(type_id).values())


@pytest.mark.parametrize("hour", [6, 9, 12, 18, 23.9])
def test_strings_add_up_to_inverters_and_inverters_to_plants(hour: float) -> None:
    world = World(FleetPlan(plants=4, devices={1: 3, 38: 3})).logged_in()
    world.now = at("2025-06-21", hour)
    inverters = world.device_values(1) | world.device_values(38)
    for values in inverters.values():
        strings = sum(values[f"pv{n}_u"] * values[f"pv{n}_i"] / 1000 for n in range(1, 29) if f"pv{n}_u" in values)
        assert strings == pytest.approx(values["mppt_power"], rel=1e-3, abs=2e-3)
        assert values["active_power"] == pytest.approx(
            values["mppt_power"] * values["efficiency"] / 100, rel=1e-3, abs=2e-3
        )
        mppts = sum(values[key] for key in values if key.startswith("mppt_") and key[5].isdigit())
        if "mppt_total_cap" in values:
            assert mppts == pytest.approx(values["mppt_total_cap"])
        assert mppts >= values["total_cap"]
    for code, plant in world.plant_values().items():
        own = [inverters[device.id] for device in world.fleet.plants[code].inverters]
        assert float(plant["day_power"]) == pytest.approx(sum(values["day_cap"] for values in own))
        assert float(plant["total_power"]) == pytest.approx(sum(values["total_cap"] for values in own))
        assert float(plant["total_income"]) == pytest.approx(
            float(plant["total_power"]) * world.fleet.plants[code].tariff, abs=1e-3
        )


@pytest.mark.parametrize("month", ["2024-02", "2024-12", "2025-03"])
def test_days_add_up_to_the_month_and_the_month_to_the_total(month: str) -> None:
    world = sunny(clouds=True, start=at("2024-01-01", 0))
    start = at(f"{month}-01", 0)

    def values(moment: float) -> dict[str, float]:
        world.now = moment
        return {key: float(value) for key, value in next(iter(world.plant_values().values())).items()}

    before = values(start)
    assert (before["day_power"], before["month_power"]) == (0, 0)
    days, end = 0.0, start
    while datetime.fromtimestamp(end, UTC).strftime("%Y-%m") == month:
        end += 86400
        days += values(end - 1)["day_power"]
    last = values(end - 1)
    assert last["month_power"] == pytest.approx(days, abs=1)
    assert last["total_power"] - before["total_power"] == pytest.approx(days, abs=1)
    assert days > 0


def test_energy_is_the_integral_of_power() -> None:
    world = sunny(clouds=True)
    start, energy = at("2025-06-21", 0), 0.0
    for minute in range(0, 86400, 300):
        world.now = start + minute + 150
        energy += sum(values["active_power"] for values in world.device_values(1).values()) / 12
    assert sum(values["day_cap"] for values in world.device_values(1).values()) == pytest.approx(energy, rel=1e-3)


def test_power_follows_the_sun() -> None:
    world = sunny()

    def power(day: str, hour: float) -> float:
        world.now = at(day, hour)
        return float(sum(values["active_power"] for values in world.device_values(38).values()))

    assert power("2025-06-21", 0) == power("2025-06-21", 23) == power("2025-12-21", 7) == 0
    assert power("2025-06-21", 5) < power("2025-06-21", 8) < power("2025-06-21", 12)
    assert power("2025-06-21", 10) == pytest.approx(power("2025-06-21", 14), rel=0.01)  # noon on the meridian
    assert power("2025-12-21", 12) < power("2025-03-21", 12) < power("2025-06-21", 12)


def test_the_sun_stands_highest_when_its_longitude_says() -> None:
    world = sunny(Place(40.0, -45.0, 0))
    (plant,) = world.fleet.plants.values()
    noon = at("2025-12-21", 15)
    heights = [Scene(plant, noon + hours * 3600).output for hours in (-2, 2)]
    assert heights[0] == pytest.approx(heights[1], rel=1e-6)


@pytest.mark.parametrize("minute", [0, 7, 15, 29, 44])
def test_the_energy_of_a_second_is_its_power(minute: int) -> None:
    (plant,) = sunny(clouds=True).fleet.plants.values()
    moment = at("2025-06-21", 9) + minute * 60
    begin, end = plant.site.at(moment), plant.site.at(moment + 1)
    for series in (plant.flows.sun, plant.flows.inverters, plant.flows.charge, plant.flows.demand):
        energy = series.integral(end) - series.integral(begin)
        assert energy * 3600 == pytest.approx((series.value(begin) + series.value(end)) / 2, rel=1e-3, abs=1e-6)


def test_meters_count_what_is_fed_in_and_what_is_drawn() -> None:
    world = sunny(devices={1: 2, 17: 1})

    def counters(hour: float) -> tuple[float, float]:
        world.now = at("2025-06-21", hour)
        (values,) = world.device_values(17).values()
        return values["active_cap"], values["reverse_active_cap"]

    night, later, noon, afternoon = (counters(hour) for hour in (0, 2, 12, 13))
    assert later[0] == night[0]
    assert later[1] > night[1]
    assert afternoon[0] > noon[0]
    assert afternoon[1] == pytest.approx(noon[1], abs=0.02)


def test_local_days_begin_at_local_midnight() -> None:
    world = sunny(Place(-33.87, 151.21, 10))
    world.now = at("2025-01-10", 13.9)  # five minutes before midnight in Sydney
    assert float(next(iter(world.plant_values().values()))["day_power"]) > 0
    world.now = at("2025-01-10", 14.1)
    assert float(next(iter(world.plant_values().values()))["day_power"]) == 0


def test_inverters_pass_through_their_states() -> None:
    world = sunny(devices={1: 2})
    scene_times = range(0, 86400, 20)
    (plant,) = world.fleet.plants.values()
    inverter = next(plant.inverters)
    states = [Scene(plant, at("2025-06-21", 0) + second).state(inverter) for second in scene_times]
    changes = [after for before, after in pairwise([None, *states]) if before is not after]
    morning = [40960, 2, 1, 3, 256, 512]
    assert changes == [*morning, 514, *reversed(morning)]
    world.now = at("2025-06-21", 12)
    assert {values["inverter_state"] for values in world.device_values(1).values()} == {514}


def test_opening_and_closing_times_frame_the_running() -> None:
    world = sunny()

    def times(day: str, hour: float) -> tuple[float, float]:
        world.now = at(day, hour)
        values = next(iter(world.device_values(1).values()))
        return values["open_time"] / 1000, values["close_time"] / 1000

    opened, closed = times("2025-06-21", 23)
    assert at("2025-06-21", 3) < opened < at("2025-06-21", 5) < at("2025-06-21", 19) < closed < at("2025-06-21", 21)
    assert times("2025-06-21", 12) == (opened, closed - 86400)
    assert times("2025-06-22", 1) == pytest.approx((opened, closed), abs=1800)


@pytest.mark.parametrize("batteries", [0, 2])
def test_meters_and_batteries_balance_the_plant(batteries: int) -> None:
    world = sunny(devices={1: 2, 17: 1, 47: 1, 39: batteries})
    meters: list[tuple[float, float]] = []
    charge = -1.0
    for hour in range(0, 48, 1):
        world.now = at("2025-06-21", hour + 0.5)
        (grid,), (sensor,) = world.device_values(17).values(), world.device_values(47).values()
        assert grid["active_power"] * 1000 == pytest.approx(sensor["active_power"], abs=1)
        assert sum(sensor[f"active_power_{phase}"] for phase in "abc") == pytest.approx(sensor["active_power"], abs=1)
        for whole, part in (("active_cap", "positive_active"), ("reverse_active_cap", "reverse_active")):
            tariffs = sum(grid[f"{part}_{tariff}"] for tariff in ("peak", "power", "valley", "top"))
            assert tariffs == pytest.approx(grid[whole], abs=0.1)
        meters.append((grid["active_cap"], grid["reverse_active_cap"]))
        for values in world.device_values(39).values() if batteries else ():
            assert 19.9 <= values["battery_soc"] <= 100
            assert values["ch_discharge_power"] <= values["max_charge_power"]
            assert (values["battery_status"] == 2) == (values["ch_discharge_power"] != 0)
            charge = max(charge, values["ch_discharge_power"])
    assert all(a <= b for a, b in pairwise(meters))
    assert meters[0][0] < meters[-1][0]
    assert meters[0][1] < meters[-1][1]
    assert (charge > 0) == bool(batteries)


def test_batteries_charge_by_day_and_discharge_in_the_evening() -> None:
    world = sunny(devices={38: 1, 39: 1, 47: 1, 41: 1})

    def power(type_id: int, hour: float) -> float:
        world.now = at("2025-06-21", hour)
        (values,) = world.device_values(type_id).values()
        return float(values["ch_discharge_power" if type_id in (39, 41) else "active_power"])

    assert power(39, 7) > 0 > power(39, 21)
    assert power(41, 7) == power(39, 7)
    assert power(39, 3) == 0
    assert power(47, 13) > 0 > power(47, 3)


def test_a_plant_without_inverters_has_values_all_the_same() -> None:
    world = sunny(devices={39: 1, 47: 1, 10: 1})
    assert next(iter(world.device_values(39).values()))["ch_discharge_power"] == 0
    assert next(iter(world.plant_values().values()))["real_health_state"] == "3"


def test_weather_is_that_of_the_sky() -> None:
    world = sunny(MADRID)
    world.now = at("2025-06-21", 12.2)
    (noon, _) = world.device_values(10).values()
    world.now = at("2025-06-21", 0)
    (night, _) = world.device_values(10).values()
    assert noon["radiant_line"] > 900
    assert 5 < noon["radiant_total"] < 25
    assert (night["radiant_line"], night["horiz_radiant_line"]) == (0, 0)


def test_one_plan_gives_one_fleet_and_another_seed_another() -> None:
    plan = FleetPlan(plants=3, devices_per_plant=12)
    first, second = World(plan).logged_in(), World(plan).logged_in()
    assert first.data("getDevList", stationCodes=first.codes()) == second.data(
        "getDevList", stationCodes=second.codes()
    )
    assert first.plant_values() == second.plant_values()
    other = World(FleetPlan(plants=3, devices_per_plant=12, seed=2)).logged_in()
    assert other.plant_values() != first.plant_values()


def test_clouds_cost_yield() -> None:
    bright, dull = sunny(), sunny(clouds=True)
    yields = [float(next(iter(world.plant_values().values()))["month_power"]) for world in (bright, dull)]
    assert yields[1] < yields[0]


def test_two_usual_plants_have_every_documented_type() -> None:
    assert {*usual_devices(0, 20), *usual_devices(1, 20)} == set(DeviceType)


@pytest.mark.parametrize("count", [0, 1, 8, 20])
def test_usual_plants_have_the_number_of_devices_asked_for(count: int) -> None:
    for plant in (0, 1):
        assert sum(usual_devices(plant, count).values()) == count


def test_a_leap_year_ends_like_any_other() -> None:
    world = sunny(start=at("2023-01-01", 0))
    totals = []
    for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01"):
        world.now = at(day, 23.99)
        totals.append(float(next(iter(world.plant_values().values()))["total_power"]))
    world.now = at("2025-01-01", 12)
    assert totals == sorted(totals)
    assert isclose(totals[1] - totals[0], totals[3] - totals[2], rel_tol=0.01)
