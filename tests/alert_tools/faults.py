"""Ten kinds of faults, put into the simulated system, and the alert that has to find each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alert_tools.promtool import Fired, fired_alerts
from alert_tools.quiet_days import EQUATOR, MIDDLE, NORTH, names
from alert_tools.recording import Recording
from alert_tools.rule_files import alerts, seconds
from alert_tools.simulated_time import SimulatedTime
from fusionsolar_exporter.simulator.alarms import ALARM_KINDS, AlarmLevel
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.status import CollectorName

_DEVICES: Mapping[int, int] = {
    DeviceType.RESIDENTIAL_INVERTER: 2,
    DeviceType.BATTERY: 1,
    DeviceType.POWER_SENSOR: 1,
    DeviceType.DONGLE: 1,
}
_CRITICAL = next(kind for kind in ALARM_KINDS if kind.level is AlarmLevel.CRITICAL)
LEAD_SECONDS, _AFTER = 1800.0, 2100.0
"""Of the recording, before the faults and after the repair."""
_STEP = 60


@dataclass(frozen=True, slots=True)
class FaultKind:
    """What goes wrong, with which device of a plant, and what is said about it."""

    alert: str
    device_type: int | None
    """None where it is the plant."""
    collector: CollectorName
    begin: Callable[[SimulatedTime, SimulatedPlant, SimulatedDevice], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault; moments are seconds since it began."""

    alert: str
    plant: str
    allowed: float
    """The rule's ``for`` and two refreshes."""
    found: float | None
    resolved: bool


def _stops(state: InverterState) -> Callable[[SimulatedTime, SimulatedPlant, SimulatedDevice], None]:
    return lambda world, _, device: world.fleet.fault(device.id, world.clock.now(), state)


def _says(**values: object) -> Callable[[SimulatedTime, SimulatedPlant, SimulatedDevice], None]:
    def begin(world: SimulatedTime, _: SimulatedPlant, device: SimulatedDevice) -> None:
        world.system.tampered[device.id] = values

    return begin


def _disconnect(world: SimulatedTime, plant: SimulatedPlant, _: SimulatedDevice) -> None:
    for inverter in plant.inverters:
        world.fleet.fault(inverter.id, world.clock.now(), InverterState.COMMUNICATION_INTERRUPTED)


def _alarm(world: SimulatedTime, _: SimulatedPlant, device: SimulatedDevice) -> None:
    world.fleet.raise_alarm(device.id, _CRITICAL, world.clock.now())


_INVERTER, _DATA = DeviceType.RESIDENTIAL_INVERTER, CollectorName.DEVICE_REALTIME
KINDS = (
    FaultKind("FusionSolarPlantDisconnected", None, CollectorName.PLANT_REALTIME, _disconnect),
    FaultKind("FusionSolarInverterFault", _INVERTER, _DATA, _stops(InverterState.SHUTDOWN_FAULT)),
    FaultKind(
        "FusionSolarInverterCommunicationInterrupted",
        _INVERTER,
        _DATA,
        _stops(InverterState.COMMUNICATION_INTERRUPTED),
    ),
    FaultKind("FusionSolarInverterNotProducing", _INVERTER, _DATA, _says(active_power=0.0, mppt_power=0.0)),
    FaultKind("FusionSolarStringWithoutCurrent", _INVERTER, _DATA, _says(pv2_i=0.0)),
    FaultKind("FusionSolarGridVoltageOutOfRange", _INVERTER, _DATA, _says(a_u=262.0)),
    FaultKind("FusionSolarInverterTooHot", _INVERTER, _DATA, _says(temperature=92.0)),
    FaultKind("FusionSolarBatteryFaulty", DeviceType.BATTERY, _DATA, _says(battery_status=3)),
    FaultKind("FusionSolarMeterOffline", DeviceType.POWER_SENSOR, _DATA, _says(meter_status=0)),
    FaultKind("FusionSolarAlarmCritical", DeviceType.DONGLE, CollectorName.ALARMS, _alarm),
)


def inject(
    noon: float, each: int, directory: Path, *, quirks: bool, phase: float = 0.0
) -> tuple[list[Outcome], list[Fired]]:
    """Every kind of fault at ``each`` plants, a plant a fault; also alerts about other plants, which are false.

    The plants are on the prime meridian, at latitudes in turn; ``noon`` is theirs, in Unix seconds. ``phase`` is where
    between two refreshes the faults begin, in seconds, a multiple of a minute.
    """
    before = LEAD_SECONDS + phase
    begin = noon - before
    meridian = tuple(Place(place.latitude, 0.0, 0) for place in (EQUATOR, MIDDLE, NORTH))
    plan = FleetPlan(
        plants=len(KINDS) * each + 1,
        devices=_DEVICES,
        start=begin,
        alarm_share=0,
        clouds=False,
        places=meridian,
        seed=int(noon),
    )
    world = SimulatedTime(plan, begin, names(), quirks=quirks)
    recording = Recording(_STEP)
    world.run(before, recording)
    refreshes = {status.collector: status.interval_seconds for status in world.account.status().collectors}
    *faulty, _sound = world.fleet.plants.values()
    for index, plant in enumerate(faulty):
        _begin(KINDS[index % len(KINDS)], world, plant)
    durations = {rule["alert"]: seconds(rule["for"]) for rule in alerts()}
    allowed = {kind.alert: durations[kind.alert] + 2 * refreshes[kind.collector] for kind in KINDS}
    world.run(max(allowed.values()) + _STEP, recording)
    _repair_all(world, faulty)
    world.run(_AFTER, recording)
    fired = fired_alerts(recording, begin, directory)
    end = (recording.scrapes - 1) * _STEP
    outcomes = [
        _outcome(KINDS[index % len(KINDS)], plant, allowed, fired, before, end) for index, plant in enumerate(faulty)
    ]
    false = [alert for alert in fired if alert.labels.get("plant_code") not in {plant.code for plant in faulty}]
    false += [alert for alert in fired if alert.first < before]
    return outcomes, false


def _device(kind: FaultKind, plant: SimulatedPlant) -> SimulatedDevice:
    wanted = _INVERTER if kind.device_type is None else kind.device_type
    return next(device for device in plant.devices if device.type_id == wanted)


def _begin(kind: FaultKind, world: SimulatedTime, plant: SimulatedPlant) -> None:
    kind.begin(world, plant, _device(kind, plant))


def _repair_all(world: SimulatedTime, plants: list[SimulatedPlant]) -> None:
    world.system.tampered.clear()
    for plant in plants:
        for device in plant.devices:
            world.fleet.clear_alarms(device.id)
            world.fleet.repair(device.id, world.clock.now())


def _outcome(
    kind: FaultKind,
    plant: SimulatedPlant,
    allowed: Mapping[str, float],
    fired: list[Fired],
    began: float,
    end: float,
) -> Outcome:
    wanted = {"plant_code": plant.code, "plant": plant.name}
    if kind.device_type is not None:
        device = _device(kind, plant)
        wanted |= {"device_id": device.id, "device": device.name}
    found = [alert for alert in fired if alert.name == kind.alert and wanted.items() <= alert.labels.items()]
    return Outcome(
        kind.alert,
        plant.name,
        allowed[kind.alert],
        min(alert.first for alert in found) - began if found else None,
        all(alert.last < end for alert in found),
    )
