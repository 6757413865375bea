"""Makes plants and devices from a plan; what a plant becomes depends on the plan and its number alone."""

from collections.abc import Mapping
from random import Random

from fusionsolar_exporter.simulator.alarms import AlarmCycle, kinds_for
from fusionsolar_exporter.simulator.chance import fraction
from fusionsolar_exporter.simulator.device_types import ALARMED, DeviceType, type_name
from fusionsolar_exporter.simulator.local_year import DAY_SECONDS
from fusionsolar_exporter.simulator.plan import ODD_NAMES, PLANT_NAMES, FleetPlan
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.site import Place, site_of

_Choices = Mapping[int, tuple[float, ...]]
_FIRST_PLANT_CODE = 35436000
_FIRST_DEVICE_ID = 1000000033736000
_ID_STEP = 7
_CODE_CYCLE = 3
_RATINGS_KW: _Choices = {
    DeviceType.STRING_INVERTER: (50.0, 100.0, 185.0),
    DeviceType.RESIDENTIAL_INVERTER: (5.0, 8.0, 10.0),
}
_MODELS: Mapping[int, str] = {
    DeviceType.STRING_INVERTER: "SUN2000-{:g}KTL-M1",
    DeviceType.RESIDENTIAL_INVERTER: "SUN2000-{:g}K-MAP0",
}
_STRINGS: _Choices = {DeviceType.STRING_INVERTER: (12, 16, 20), DeviceType.RESIDENTIAL_INVERTER: (2, 3, 4)}
_SERIAL_LESS = frozenset({DeviceType.PLC, DeviceType.SAFETY_BOX})


class Builder:
    """Counts what it has made, so that no code and no id ever comes twice."""

    def __init__(self, plan: FleetPlan) -> None:
        self.plan = plan
        self._plants = 0
        self._devices = 0

    def plant(
        self, name: str | None = None, connected_at: float | None = None, place: Place | None = None
    ) -> SimulatedPlant:
        """Make a plant without devices; its age is drawn where ``connected_at`` (Unix seconds) is not given."""
        plan, index = self.plan, self._plants
        self._plants += 1
        chance = Random(f"{plan.seed}/{index}")  # noqa: S311 -- a fleet, not secrets
        place = plan.places[index % len(plan.places)] if place is None else place
        age_days = chance.randrange(30, 6 * 365)
        return SimulatedPlant(
            code=self._code(index, chance),
            name=self._name(index) if name is None else name,
            site=site_of(place, clouds=plan.clouds, seed=plan.seed),
            latitude=round(place.latitude + chance.uniform(-0.02, 0.02), 6),
            longitude=round(place.longitude + chance.uniform(-0.02, 0.02), 6),
            connected_at=plan.start - age_days * DAY_SECONDS if connected_at is None else connected_at,
            tariff=round(chance.uniform(0.08, 0.3), 3) if chance.random() < 2 / 3 else 0.0,
            chance=chance.random(),
            installation=plan.kind_of(index).installation,
        )

    def device(
        self, plant: SimulatedPlant, type_id: int, installed_at: float, name: str | None = None
    ) -> SimulatedDevice:
        """Make a device of a plant, without adding it."""
        index = self._devices
        self._devices += 1
        chance = fraction(self.plan.seed, "device", index)
        sign = "-" if self.plan.quirks and index % 3 == 1 else ""
        rating = _pick(_RATINGS_KW, type_id, chance)
        strings = int(_pick(_STRINGS, type_id, chance))
        model = _MODELS[type_id].format(rating) if rating else type_name(type_id)
        nameless = self.plan.quirks and type_id in _SERIAL_LESS
        return SimulatedDevice(
            id=f"{sign}{_FIRST_DEVICE_ID + index * _ID_STEP}",
            type_id=type_id,
            name=f"{type_name(type_id)}-{len(plant.devices) + 1}" if name is None else name,
            plant=plant,
            serial_number="" if nameless else f"SIM{type_id:02d}{index:07d}",
            model=model,
            software_version="" if nameless else "V100R001C00SPC150",
            chance=chance,
            installed_at=installed_at,
            capacity_kw=rating,
            effective_kw=rating * (0.95 + 0.05 * chance),
            strings=strings,
            alarm_cycle=self._alarm_cycle(type_id, index),
        )

    def _code(self, index: int, chance: Random) -> str:
        if self.plan.quirks and index % _CODE_CYCLE == _CODE_CYCLE - 1:
            return f"{chance.getrandbits(128):032X}"
        return f"NE={_FIRST_PLANT_CODE + index}"

    def _name(self, index: int) -> str:
        if self.plan.odd_names:
            return f"{ODD_NAMES[index % len(ODD_NAMES)]} {index + 1}"
        return f"{PLANT_NAMES[index % len(PLANT_NAMES)]} {index + 1}"

    def _alarm_cycle(self, type_id: int, index: int) -> AlarmCycle | None:
        chance = Random(f"{self.plan.seed}/alarm/{index}")  # noqa: S311 -- alarms, not secrets
        if type_id not in ALARMED or chance.random() >= self.plan.alarm_share:
            return None
        period = chance.uniform(0.5, 5) * DAY_SECONDS
        duration = period * chance.uniform(0.05, 0.5)
        return AlarmCycle(
            chance.choice(tuple(kinds_for(type_id, quirks=self.plan.quirks))),
            period,
            duration,
            chance.uniform(0, period),
        )


def _pick(table: _Choices, type_id: int, chance: float) -> float:
    """Return one of the values of a device type, by chance; 0 for a type that has none."""
    values = table.get(type_id, (0.0,))
    return values[int(chance * len(values))]
