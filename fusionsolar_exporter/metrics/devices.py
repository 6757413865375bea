"""The metrics of devices (reference 9.1.5, 9.1.6.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.kpis import COUNTERS
from fusionsolar_exporter.metrics.labels import AccountLabels, DeviceLabels, chunks
from fusionsolar_exporter.metrics.part import CHUNK, ExportContext, Part
from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.states import export_states
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Device, Reading

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
class DeviceInfo(Part):
    """What the device list says."""

    reads: ClassVar = ("listed_devices",)

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]
    devices: tuple[Device, ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.listed_devices.__contains__, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for device_id, labels, device in zip(self.ids, self.labels, self.devices, strict=True):
            if device_id in context.snapshot.listed_devices:
                writer.add("fusionsolar_device_info", labels, 1, _info(device))


@dataclass(frozen=True, slots=True)
class DeviceTimes(Part):
    """When data of the devices was last fetched."""

    reads: ClassVar = ("device_fetched_at",)

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        # a corrected wall clock moves every time
        return (context.clock.wall(0), tuple(map(context.snapshot.device_fetched_at.get, self.ids)))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for device_id, labels in zip(self.ids, self.labels, strict=True):
            moment = context.snapshot.device_fetched_at.get(device_id)
            if moment is not None:
                writer.add("fusionsolar_device_last_success_timestamp_seconds", labels, context.clock.wall(moment))


@dataclass(frozen=True, slots=True)
class DeviceReadings(Part):
    """The real-time values of devices of one type, and their states."""

    reads: ClassVar = ("device_readings", "convergence_readings")

    ids: tuple[str, ...]
    labels: tuple[DeviceLabels, ...]
    type_id: int

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        snapshot = context.snapshot
        real_time = tuple(map(snapshot.device_readings.get, self.ids))
        if self.type_id not in INVERTER_TYPES or not snapshot.convergence_readings:
            return real_time
        return (*real_time, *map(snapshot.convergence_readings.get, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for device_id, labels in zip(self.ids, self.labels, strict=True):
            reading = _reading(device_id, context.snapshot)
            if reading is not None:
                routes = context.routes.of(context.snapshot.devices[device_id], context.snapshot.plants)
                strings = None if context.fitted is None else context.fitted.observe(device_id, reading.values, routes)
                unknown = writer.add_values(labels, reading.values, routes, strings)
                if unknown and writer.exports(_KPI):
                    _export_unknown(unknown, labels, routes, context, writer)
                for key, total in reading.totals.items():
                    writer.add(COUNTERS[self.type_id, key], labels, total)
                export_states(self.type_id, reading, labels, writer)


def _reading(device_id: str, snapshot: Snapshot) -> Reading | None:
    """The values of a device: real-time ones, and those by serial number for what these lack."""
    real_time = snapshot.device_readings.get(device_id)
    by_serial_number = snapshot.convergence_readings.get(device_id)
    if real_time is None or by_serial_number is None:
        return real_time or by_serial_number
    return replace(real_time, values={**by_serial_number.values, **real_time.values})


def _export_unknown(
    values: Mapping[str, float], labels: DeviceLabels, routes: Routes, context: ExportContext, writer: SampleWriter
) -> None:
    for key, value in values.items():
        label = context.gate.label(key)
        if label is not None:
            multiplier, divisor = routes.scale(key, 1.0)
            writer.add(_KPI, labels, value * multiplier / divisor, {"key": label})


def _info(device: Device) -> dict[str, str]:
    place = {"latitude": device.latitude, "longitude": device.longitude}
    return {
        "serial_number": label_value(device.serial_number),
        "model": label_value(device.model),
        "software_version": label_value(device.software_version),
        "device_type_id": str(device.type_id),
        **{name: str(degrees) for name, degrees in place.items() if degrees is not None},
    }
