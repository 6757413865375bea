"""Energy that adds up: batteries behind their inverters and beside them, meters of either sign, every kind of home."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from test_simulator_support import World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.flows import inverter_output
from fusionsolar_exporter.simulator.installation import Installation, SteadyFlows
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import PLANT_KINDS, FleetPlan, PlantKind
from fusionsolar_exporter.simulator.registers import Registers
from fusionsolar_exporter.simulator.site import Place

HOME = {38: 1, 39: 1, 47: 1}
LATITUDES = (Place(0.0, 0.0, 0), Place(48.0, 0.0, 0), Place(65.0, 0.0, 0))
NOON = datetime(2025, 6, 21, 12, tzinfo=UTC).timestamp()
WIRINGS = [pytest.param(kind, id=name) for name, kind in PLANT_KINDS.items()]


def steady(sun: float, stored: float, demand: float, devices: Mapping[int, int]) -> World:
    kind = PlantKind(devices, Installation(steady=SteadyFlows(sun, stored, demand)))
    return World(FleetPlan(plants=1, kinds=(kind,)), now=NOON).logged_in()


def only(world: World, type_id: int) -> dict[str, Any]:
    (values,) = world.device_values(type_id).values()
    return values


@pytest.mark.parametrize(
    ("devices", "sun", "stored", "feed_in", "inverters", "load"),
    [
        pytest.param(HOME, 0.435, -0.089, 0.0, 0.518, 0.518, id="captured home"),
        pytest.param(HOME, 5.3, 4.1, -0.02, 1.2, 1.22, id="noon, charging"),
        pytest.param(HOME, 0.0, -0.83, 0.03, 0.83, 0.80, id="night"),
        pytest.param(HOME, 0.0, 2.0, -2.5, -2.0, 0.5, id="charging from the grid"),
        pytest.param(HOME, 6.0, 0.0, 4.5, 6.0, 1.5, id="export with a full battery"),
        pytest.param({38: 1, 47: 1}, 3.0, 0.0, 2.0, 3.0, 1.0, id="no battery"),
        pytest.param({1: 1, 41: 1, 47: 1}, 50.0, 10.0, 25.0, 50.0, 15.0, id="AC storage"),
    ],
)
def test_flows_are_those_of_real_homes(
    devices: Mapping[int, int], sun: float, stored: float, feed_in: float, inverters: float, load: float
) -> None:
    world = steady(sun, stored, load, devices)
    (type_id, *_) = devices
    inverter = only(world, type_id)
    largest = max(abs(sun), abs(stored), abs(feed_in), load)
    assert inverter["mppt_power"] == pytest.approx(sun, abs=1e-3)
    assert inverter["active_power"] == pytest.approx(inverters, rel=0.02)
    grid = only(world, 47)["active_power"] / 1000
    assert grid == pytest.approx(feed_in, abs=0.02 * largest)
    storage = next((kind for kind in (39, 41) if kind in devices), None)
    if storage is not None:
        assert only(world, storage)["ch_discharge_power"] == pytest.approx(stored * 1000)
    on_ac = stored if storage == DeviceType.ESS else 0.0
    assert inverter["active_power"] - grid - on_ac == pytest.approx(load, abs=2e-3)


def test_an_inverter_whose_battery_takes_all_of_the_sun_takes_in_power_and_gives_none() -> None:
    inverter = only(steady(4.0, 4.0, 0.3, HOME), 38)
    assert (inverter["active_power"], inverter["mppt_power"], inverter["inverter_state"]) == (0.0, 4.0, 512)


def test_the_sun_loses_in_the_inverter_and_the_battery_in_itself() -> None:
    assert inverter_output(1.0, 0.0) == pytest.approx(0.989)
    assert inverter_output(1.0, 0.5) == pytest.approx(0.989 / 2)
    assert inverter_output(1.0, -0.5) == pytest.approx(1.489)
    assert inverter_output(0.5, 1.0) == pytest.approx(-0.5)


@pytest.mark.parametrize("kind", WIRINGS)
@pytest.mark.no_cover
def test_the_flows_of_a_year_sum_to_nothing_and_nobody_consumes_less_than_nothing(kind: PlantKind) -> None:
    plan = FleetPlan(plants=3, kinds=(kind,), places=LATITUDES, start=NOON - 366 * 86400)
    world = World(plan, now=NOON).logged_in()
    for sample in range(0, 365 * 24, 61):
        world.now = NOON + sample * 3600
        devices = {type_id: world.device_values(type_id) for type_id in (1, 17, 38, 41, 47) if world.ids(type_id)}
        for plant in world.fleet.plants.values():
            sums = dict.fromkeys((1, 17, 38, 41, 47), 0.0)
            for device in plant.devices:
                if device.type_id in sums:
                    key = "ch_discharge_power" if device.type_id == DeviceType.ESS else "active_power"
                    sums[device.type_id] += devices[device.type_id][device.id][key]
            wiring = plant.installation
            feed_in = sums[47] / 1000 + wiring.meter_sign * sums[17]
            load = sums[1] + sums[38] - feed_in - wiring.storage_sign * sums[41] / 1000
            demand = plant.effective_kw * plant.flows.demand.value(plant.site.at(world.now))
            charge, discharge = (
                series.value(plant.site.at(world.now)) for series in (plant.flows.charge, plant.flows.discharge)
            )
            foreign = plant.effective_kw * plant.flows.shares.foreign * (charge - discharge)
            assert load == pytest.approx(demand + foreign, rel=0.01, abs=0.005)
            assert load >= -0.005


@pytest.mark.parametrize("kind", WIRINGS)
def test_registers_of_meters_and_storage_only_rise(kind: PlantKind) -> None:
    plan = FleetPlan(plants=1, kinds=(kind,), places=LATITUDES[1:2], start=NOON)
    (plant,) = World(plan).fleet.plants.values()
    registers = Registers(plant)
    storages = {device.type_id for device in plant.devices} & {39, 41}
    rows = []
    for hour in range(24 * 40):
        at = NOON + hour * 3600
        stored = [reader(kind, at) for kind in storages for reader in (registers.charged, registers.discharged)]
        rows.append((registers.fed_in(at), registers.drawn(at), *stored))
    for column in zip(*rows, strict=True):
        assert all(before <= after for before, after in pairwise(column))
        assert column[0] < column[-1]


def test_a_home_that_charges_from_the_grid_draws_more_than_it_uses_at_night() -> None:
    kind = PLANT_KINDS["home that charges from the grid"]
    winter = datetime(2025, 12, 21, 2, tzinfo=UTC).timestamp()
    world = World(FleetPlan(plants=1, kinds=(kind,), places=LATITUDES[1:2], start=winter), now=winter).logged_in()
    inverters = world.device_values(38).values()
    assert all(values["active_power"] < 0 == values["mppt_power"] for values in inverters)
    assert all(values["inverter_state"] == InverterState.GRID_CONNECTED for values in inverters)
    assert only(world, 47)["active_power"] / 1000 < sum(values["active_power"] for values in inverters)


def test_signs_are_those_of_the_installation() -> None:
    usual, turned = Installation(), Installation(meter_sign=-1, storage_sign=-1)
    seen = []
    for wiring in (usual, turned):
        kind = PlantKind(
            {1: 1, 41: 1, 17: 1},
            Installation(
                wiring.charges_from_grid,
                wiring.foreign_battery,
                wiring.meter_sign,
                wiring.storage_sign,
                SteadyFlows(50.0, 10.0, 15.0),
            ),
        )
        world = World(FleetPlan(plants=1, kinds=(kind,)), now=NOON).logged_in()
        meter, storage = only(world, 17), only(world, 41)
        seen.append(
            (meter["active_power"], storage["ch_discharge_power"], meter["active_cap"], meter["reverse_active_cap"])
        )
    (power, stored, fed_in, drawn), other = seen
    assert other == (-power, -stored, drawn, fed_in)
    assert power > 0 < stored
    assert fed_in > drawn == 0


def test_a_stopped_inverter_takes_its_battery_with_it() -> None:
    world = steady(5.0, 2.0, 1.0, HOME)
    world.fleet.fault(world.ids(38), world.now)
    assert only(world, 39)["ch_discharge_power"] == 0
    assert only(world, 47)["active_power"] == -1000
    before = only(world, 39)["charge_cap"]
    world.now += 3600
    assert only(world, 39)["charge_cap"] == before
    world.fleet.repair(world.ids(38), world.now)
    world.now += 1800
    assert only(world, 39)["charge_cap"] == pytest.approx(before + 1.0, abs=0.011)


def test_newer_plants_say_what_they_used_with_the_equation_of_the_reports() -> None:
    plan = FleetPlan(plants=1, kinds=(PLANT_KINDS["home with a battery"],), places=LATITUDES[1:2], quirks=True)
    world = World(plan, Rules(quirks=True), now=NOON + 9.5 * 3600).logged_in()
    (plant,) = world.plant_values().values()
    (device,) = world.fleet.plants.values()
    registers, midnight = Registers(device), NOON - 12 * 3600
    bought = registers.drawn(world.now) - registers.drawn(midnight)
    assert plant["day_use_energy"] == round(plant["day_power"] - plant["day_on_grid_energy"] + bought, 2)
