"""The rules about days and months against the simulator's truth, over a year at three latitudes."""

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from alert_tools.promtool import evaluate
from alert_tools.recording import Recording

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.local_year import DAY_SECONDS, day_start
from fusionsolar_exporter.simulator.plan import PLANT_KINDS, FleetPlan
from fusionsolar_exporter.simulator.plants import SimulatedPlant
from fusionsolar_exporter.simulator.readings.weather import weather_values
from fusionsolar_exporter.simulator.registers import Registers
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.site import Place

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

HOUR, DAYS, MONTH = 3600, 366, 30
PLACES = (Place(0.0, 37.0, 3), Place(48.14, 11.58, 1), Place(65.0, 25.5, 2))
KINDS = (PLANT_KINDS["home with a battery"], PLANT_KINDS["works with AC storage"])
WATTHOURS_PER_MEGAJOULE = 1e6 / 3600
SUNLESS = 0.05  # kWh/m² of a day, on average of a month, under which a ratio says nothing of a plant


def labels_of(plant: SimulatedPlant) -> dict[str, str]:
    return {"account": "home", "plant_code": plant.code, "plant": plant.name}


def yielded(registers: Registers, at: float) -> float:
    """What the inverters of a plant have given, in kWh."""
    return sum(registers.yielded(inverter, at) for inverter in registers.plant.inverters)


def stored(registers: Registers, at: float) -> tuple[int, float, float]:
    """Type, and what each storage of it has taken and given, in kWh."""
    type_id = next(kind for kind in (DeviceType.BATTERY, DeviceType.ESS) if registers.plant.count(kind))
    return type_id, registers.charged(type_id, at), registers.discharged(type_id, at)


def samples(registers: Registers, at: float) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """What the exporter has of a plant at a moment, of what these rules read."""
    plant, own = registers.plant, labels_of(registers.plant)
    yield "fusionsolar_plant_info", {**own, "grid_connection_date": ""}, 1
    yield "fusionsolar_plant_longitude_degrees", own, plant.longitude
    yield "fusionsolar_plant_capacity_watts", own, plant.capacity_kw * 1000
    yield "fusionsolar_plant_yield_watthours_total", own, yielded(registers, at) * 1000
    type_id, charged, discharged = stored(registers, at)
    for device in plant.devices:
        labels = {**own, "device_id": device.id, "device": device.name}
        if device.type_id == DeviceType.EMI:
            radiant = weather_values(Scene(plant, at, registers))["radiant_total"]
            assert isinstance(radiant, float)
            name = "fusionsolar_device_day_irradiation_watthours_per_square_meter"
            yield name, labels | {"device_type": "emi"}, radiant * WATTHOURS_PER_MEGAJOULE
        elif device.type_id == type_id:
            labels["device_type"] = "battery" if type_id == DeviceType.BATTERY else "ess"
            yield "fusionsolar_device_charged_energy_watthours_total", labels, charged * 1000
            yield "fusionsolar_device_discharged_energy_watthours_total", labels, discharged * 1000


def days_until(registers: Registers, at: float) -> tuple[float, float]:
    """The last month of whole days of a plant, in Unix seconds."""
    offset = registers.plant.site.utc_offset
    end = (at + offset) // DAY_SECONDS * DAY_SECONDS - offset
    return end - MONTH * DAY_SECONDS, end


def energy(registers: Registers, at: float) -> float | None:
    begin, end = days_until(registers, at)
    return yielded(registers, end) - yielded(registers, begin)


def performance_ratio(registers: Registers, at: float) -> float | None:
    plant = registers.plant
    before, after = (
        plant.site.irradiance.integral(plant.site.at(moment)) / 1000 for moment in days_until(registers, at)
    )
    if not plant.count(DeviceType.EMI) or after - before < MONTH * SUNLESS:
        return None
    return (energy(registers, at) or 0.0) / plant.capacity_kw / (after - before)


def efficiency(registers: Registers, at: float) -> float | None:
    _, *before = stored(registers, at - MONTH * DAY_SECONDS)
    _, *after = stored(registers, at)
    charged, discharged = (late - early for early, late in zip(before, after, strict=True))
    return discharged / charged if charged else None


RULES: Mapping[str, Callable[[Registers, float], float | None]] = {
    f'sum_over_time(fusionsolar:plant_energy_day:kilowatthours{{energy="yield"}}[{MONTH}d] OFFSET)': energy,
    "fusionsolar:plant_performance_ratio_month:ratio OFFSET": performance_ratio,
    "fusionsolar:battery_month_efficiency:ratio OFFSET": efficiency,
}


def test_a_year_of_months(tmp_path: Path) -> None:
    begin = day_start(date(2025, 1, 1), 0)
    plan = FleetPlan(plants=6, kinds=KINDS, places=PLACES, start=begin, alarm_share=0)
    fleet = [Registers(plant) for plant in SimulatedFleet(plan).plants.values()]
    recording = Recording(HOUR)
    for hour in range(DAYS * 24):
        recording.begin_scrape()
        for registers in fleet:
            for name, labels, value in samples(registers, begin + hour * HOUR):
                recording.add(name, labels, value)
    end = (recording.scrapes - 1) * HOUR
    noons = [DAY_SECONDS * day + DAY_SECONDS // 2 for day in range(2 * MONTH, DAYS, MONTH)]
    queries = [rule.replace("OFFSET", f"offset {end - noon}s") for noon in noons for rule in RULES]

    answers = iter(evaluate(recording, begin, tmp_path, queries, only_needed=True, thresholds={}))

    ratios = []
    for noon in noons:
        for rule, truth in RULES.items():
            found = {dict(labels)["plant"]: value for labels, value in next(answers).items()}
            for registers in fleet:
                true = truth(registers, begin + noon)
                if true is not None:
                    assert found[registers.plant.name] == pytest.approx(true, rel=0.02), (noon // DAY_SECONDS, rule)
                if true is not None and truth is performance_ratio:
                    ratios.append(found[registers.plant.name])
    sys.stdout.write(f"{len(ratios)} {min(ratios)} {max(ratios)}\n")
    assert len(ratios) > 2 * len(noons)
    assert min(ratios) > 0.3
    assert max(ratios) < 1.1
