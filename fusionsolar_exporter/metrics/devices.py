"""The metrics of devices (reference 9.1.5, 9.1.6.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from fusionsolar_exporter.metrics.labels import AccountLabels, DeviceLabels, chunks
from fusionsolar_exporter.metrics.part import CHUNK, Part, Scene
from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.metrics.sink import Sink
from fusionsolar_exporter.metrics.states import export_states
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.model import Device

_KPI = "fusionsolar_device_kpi"


def device_parts(labels: AccountLabels) -> Iterator[Part]:
    """The parts of an account's devices: by type, each in the order of the lists."""
    by_type: dict[int, list[str]] = {}
    for device_id in labels.devices:
        by_type.setdefault(labels.known_devices[device_id].type_id, []).append(device_id)
    for type_id, ids in sorted(by_type.items(), key=itemgetter(0)):
        for chunk in chunks(ids, CHUNK):
            some = tuple(labels.devices[device_id] for device_id in chunk)
            devices = tuple(labels.known_devices[device_id] for device_id in chunk)
            yield DeviceInfo(chunk, some, devices)
            yield DeviceTimes(chunk, some)
            yield DeviceReadings(chunk, some, type_id)


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the device list says."""

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]
    devices: tuple[Device, ...]

    def inputs(self, scene: Scene) -> tuple[object, ...]:
        """See :meth:`Part.inputs`."""
        return tuple(map(scene.snapshot.listed_devices.__contains__, self.ids))

    def export(self, scene: Scene, sink: Sink) -> None:
        """See :meth:`Part.export`."""
        for device_id, labels, device in zip(self.ids, self.labels, self.devices, strict=True):
            if device_id in scene.snapshot.listed_devices:
                sink.add("fusionsolar_device_info", labels, 1, _info(device))


@dataclass(frozen=True, slots=True)
class DeviceTimes:
    """When data of the devices was last fetched."""

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]

    def inputs(self, scene: Scene) -> tuple[object, ...]:
        """See :meth:`Part.inputs`; a corrected wall clock moves every time."""
        return (scene.clock.wall(0), tuple(map(scene.snapshot.device_fetched_at.get, self.ids)))

    def export(self, scene: Scene, sink: Sink) -> None:
        """See :meth:`Part.export`."""
        for device_id, labels in zip(self.ids, self.labels, strict=True):
            moment = scene.snapshot.device_fetched_at.get(device_id)
            if moment is not None:
                sink.add("fusionsolar_device_last_success_timestamp_seconds", labels, scene.clock.wall(moment))


@dataclass(frozen=True, slots=True)
class DeviceReadings:
    """The real-time values of devices of one type, and their states."""

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]
    type_id: int

    def inputs(self, scene: Scene) -> tuple[object, ...]:
        """See :meth:`Part.inputs`."""
        return tuple(map(scene.snapshot.device_readings.get, self.ids))

    def export(self, scene: Scene, sink: Sink) -> None:
        """See :meth:`Part.export`."""
        routes = scene.routes[self.type_id]
        for device_id, labels in zip(self.ids, self.labels, strict=True):
            reading = scene.snapshot.device_readings.get(device_id)
            if reading is not None:
                strings = None if scene.fitted is None else scene.fitted.observe(device_id, reading.values, routes)
                unknown = sink.add_values(labels, reading.values, routes, strings)
                if unknown and sink.exports(_KPI):
                    _export_unknown(unknown, labels, routes, scene, sink)
                export_states(self.type_id, reading, labels, sink)


def _export_unknown(
    values: Mapping[str, float], labels: DeviceLabels, routes: Routes, scene: Scene, sink: Sink
) -> None:
    for key, value in values.items():
        label = scene.gate.label(key)
        if label is not None:
            multiplier, divisor = routes.scale(key, 1.0)
            sink.add(_KPI, labels, value * multiplier / divisor, {"key": label})


def _info(device: Device) -> dict[str, str]:
    return {
        "serial_number": label_value(device.serial_number),
        "model": label_value(device.model),
        "software_version": label_value(device.software_version),
        "device_type_id": str(device.type_id),
    }
