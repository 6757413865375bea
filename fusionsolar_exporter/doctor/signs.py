"""Meters and storage that count the other way round: no reference says which way they do, so their plants have to.

Storage whose state of charge falls while it counts as charging is one; so is what makes a plant consume less than
nothing, where the other sign alone would mend that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.doctor.plant_powers import (
    DOUBTED_METERS,
    POWER,
    STORAGE,
    STORED,
    Factors,
    PlantPowers,
    Signs,
    plant_powers,
    watts,
)
from fusionsolar_exporter.doctor.report import SignDoubt
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.model import Device, Reading

_CHARGE = "battery_soc"
_LEAST_CHARGE = 1.0  # percent; below it is rounding
_LEAST_STORED = 100.0  # watts


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one plant says about the sign of a type of its devices."""

    device: Device
    turned: bool
    words: str


def sign_doubts(
    devices: Mapping[str, Device],
    before: Mapping[str, Reading],
    now: Mapping[str, Reading],
    factors: Factors,
    units: Mapping[int, float],
) -> tuple[SignDoubt, ...]:
    """The types at whose plants the other sign is the right one.

    ``before`` are readings that are an hour old at most; ``factors`` gives what the configuration sets, ``units`` the
    factors that readings themselves have told, by device type.
    """
    by_plant: dict[str, list[Device]] = defaultdict(list)
    for device in devices.values():
        by_plant[device.plant_code].append(device)
    found: dict[tuple[int, str], list[_Evidence]] = defaultdict(list)
    for of_plant in by_plant.values():
        charged = list(_by_charge(of_plant, before, now, factors))
        powers = plant_powers(of_plant, now, factors)
        balanced = [] if powers is None else list(_by_balance(powers, {each.turned for each in charged}))
        for each in (*charged, *balanced):
            found[each.device.type_id, STORED if each.device.type_id == STORAGE else POWER].append(each)
    doubts = (_doubt(type_id, key, some, factors, now, units) for (type_id, key), some in sorted(found.items()))
    return tuple(doubt for doubt in doubts if doubt is not None)


def _by_charge(
    devices: list[Device], before: Mapping[str, Reading], now: Mapping[str, Reading], factors: Factors
) -> Iterator[_Evidence]:
    """Of storage that has charged or discharged between two readings."""
    for device in devices:
        was, is_now = before.get(device.id), now.get(device.id)
        if device.type_id != STORAGE or was is None or is_now is None or was is is_now:
            continue
        first, second = watts(device, STORED, before, factors), watts(device, STORED, now, factors)
        if first is None or second is None or not {_CHARGE} <= was.values.keys() & is_now.values.keys():
            continue
        risen = is_now.values[_CHARGE] - was.values[_CHARGE]
        same = first * second > 0 and min(abs(first), abs(second)) >= _LEAST_STORED
        if same and abs(risen) >= _LEAST_CHARGE:
            words = f"its charge {'rose' if risen > 0 else 'fell'} by {abs(risen):.3g} % at {second / 1000:+,.3g} kW"
            yield _Evidence(device, first * risen < 0, words)


def _by_balance(powers: PlantPowers, turned_storage: set[bool]) -> Iterator[_Evidence]:
    """Whatever all signs agree on that are possible; the storage's are those that its charge has told, else both."""
    told = {-1 if turned else 1 for turned in turned_storage} if len(turned_storage) == 1 else {1, -1}
    possible = powers.possible(sorted(told) if powers.storages else (1,))
    of_meter, of_storage = {meter for meter, _ in possible}, {storage for _, storage in possible}
    if powers.meter.type_id in DOUBTED_METERS and len(of_meter) == 1:
        yield _Evidence(powers.meter, of_meter == {-1}, _consumptions(powers, (-1, min(of_storage))))
    if not turned_storage and len(of_storage) == 1:
        words = _consumptions(powers, (min(of_meter), -1))
        yield from (_Evidence(device, of_storage == {-1}, words) for device in powers.storages)


def _consumptions(powers: PlantPowers, signs: Signs) -> str:
    taken, turned = powers.consumption((1, 1)) / 1000, powers.consumption(signs) / 1000
    return f"the plant would consume {taken:,.3g} kW, and with the other sign {turned:,.3g} kW"


def _doubt(
    type_id: int,
    key: str,
    evidence: list[_Evidence],
    factors: Factors,
    now: Mapping[str, Reading],
    units: Mapping[int, float],
) -> SignDoubt | None:
    turned = [each for each in evidence if each.turned]
    target = device_target(type_id, key)
    if not turned or target is None:
        return None
    right = {each.device.plant_code for each in evidence if not each.turned}
    plants = sorted({each.device.plant_code for each in turned} - right)
    if not plants:
        return None
    first = next(each for each in turned if each.device.plant_code == plants[0])
    factor = factors(now[first.device.id]).get(key, units.get(type_id, target.factor))
    return SignDoubt(
        device_type_id=type_id,
        device_type=device_type_label(type_id),
        key=key,
        plants=tuple(plants) if right else (),
        plant=plants[0],
        evidence=first.words,
        found=len(plants),
        judged=len({each.device.plant_code for each in evidence}),
        scale=float(f"{-factor:.12g}"),
    )
