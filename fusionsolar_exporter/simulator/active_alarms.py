"""The alarms of a plant that are active at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass

from fusionsolar_exporter.simulator.alarms import AlarmKind
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm of a device, and when it was raised (Unix seconds)."""

    device: SimulatedDevice
    kind: AlarmKind
    raised_at: float


def active_alarms(plant: SimulatedPlant, at: float) -> Iterator[ActiveAlarm]:
    """Yield what is active at Unix seconds ``at``, device by device."""
    for device in plant.devices:
        yield from device_alarms(device, at)


def device_alarms(device: SimulatedDevice, at: float) -> Iterator[ActiveAlarm]:
    """Yield a device's active alarms: those raised by the fleet's owner, and the one of its own cycle."""
    for alarm in device.raised_alarms:
        if alarm.raised_at <= at:
            yield ActiveAlarm(device, alarm.kind, alarm.raised_at)
    if device.alarm_cycle is not None:
        raised_at = device.alarm_cycle.raised_at(at)
        if raised_at is not None and raised_at >= device.installed_at:
            yield ActiveAlarm(device, device.alarm_cycle.kind, raised_at)
