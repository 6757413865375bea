"""The metrics of plants (reference 9.1.3, 9.1.4.1, 9.1.5), alarms apart."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.metrics.codes import CodeTable, code_labels
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import COUNTERS, plant_target
from fusionsolar_exporter.metrics.labels import AccountLabels, Labels, chunks
from fusionsolar_exporter.metrics.part import CHUNK, ExportContext, Part, fetched_at_by
from fusionsolar_exporter.metrics.plant_power import plant_active_power
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.states import export_inverter_counts
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.status import CollectorName

_KPI = "fusionsolar_plant_kpi"
_HEALTH_KEY = "real_health_state"


def plant_parts(labels: AccountLabels) -> Iterator[Part]:
    """The parts of an account's plants, in the order of the list."""
    devices_of: dict[str, list[Device]] = {}
    for device_id in labels.devices:
        device = labels.known_devices[device_id]
        devices_of.setdefault(device.plant_code, []).append(device)
    for chunk in chunks(tuple(labels.plants), CHUNK):
        some = tuple(labels.plants[code] for code in chunk)
        devices = tuple(tuple(devices_of.get(code, ())) for code in chunk)
        yield PlantInfo(chunk, some, tuple(labels.known_plants[code] for code in chunk))
        yield from _inverter_parts(some, tuple(_inverters(one) for one in devices))
        yield PlantReadings(chunk, some)
        yield PlantDevices(_ids(devices), some, devices)
        for collector in CollectorName:
            yield PlantTimes(collector, chunk, some)


@dataclass(frozen=True, slots=True)
class PlantInfo(Part):
    """What the plant list says."""

    reads: ClassVar = ("listed_plants",)

    ids: tuple[str, ...]
    """Codes."""
    labels: tuple[Labels, ...]
    plants: tuple[Plant, ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.listed_plants.__contains__, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for code, labels, plant in zip(self.ids, self.labels, self.plants, strict=True):
            if code in context.snapshot.listed_plants:
                writer.add("fusionsolar_plant_info", labels, 1, _info(plant))
                writer.add("fusionsolar_plant_capacity_watts", labels, plant.capacity_watts)
                writer.add("fusionsolar_plant_latitude_degrees", labels, plant.latitude)
                writer.add("fusionsolar_plant_longitude_degrees", labels, plant.longitude)
                writer.add("fusionsolar_plant_grid_connection_timestamp_seconds", labels, plant.grid_connected_at)


def _info(plant: Plant) -> dict[str, str]:
    codes = {"build_state": plant.build_state, "combine_type": plant.combine_type, "aid_type": plant.aid_type}
    date = {"grid_connection_date": label_value(plant.grid_connection_date)}
    return date | {name: code for name, code in codes.items() if code}


@dataclass(frozen=True, slots=True)
class PlantInverters(Part):
    """What the readings of its inverters say about a plant."""

    reads: ClassVar = ("device_readings",)

    ids: tuple[str, ...]
    """Of all the inverters."""
    labels: tuple[Labels, ...]
    inverters: tuple[tuple[Device, ...], ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.device_readings.get, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        readings = context.snapshot.device_readings
        for labels, inverters in zip(self.labels, self.inverters, strict=True):
            found = [(device.type_id, readings.get(device.id)) for device in inverters]
            routes = [context.routes.of(device, context.snapshot.plants) for device in inverters]
            power = plant_active_power((own, reading) for own, (_, reading) in zip(routes, found, strict=True))
            writer.add("fusionsolar_plant_active_power_watts", labels, power)
            export_inverter_counts(found, labels, writer)


@dataclass(frozen=True, slots=True)
class PlantReadings(Part):
    """The real-time values of plants."""

    reads: ClassVar = ("plant_readings",)

    ids: tuple[str, ...]
    """Codes."""
    labels: tuple[Labels, ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.plant_readings.get, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for code, labels in zip(self.ids, self.labels, strict=True):
            reading = context.snapshot.plant_readings.get(code)
            if reading is not None:
                _export_reading(reading, labels, context, writer)


@dataclass(frozen=True, slots=True)
class PlantDevices(Part):
    """How many devices the device list names."""

    reads: ClassVar = ("listed_devices",)

    ids: tuple[str, ...]
    """Of all the devices."""
    labels: tuple[Labels, ...]
    devices: tuple[tuple[Device, ...], ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.listed_devices.__contains__, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for labels, devices in zip(self.labels, self.devices, strict=True):
            counts = Counter(device.type_id for device in devices if device.id in context.snapshot.listed_devices)
            for type_id, count in counts.items():
                writer.add("fusionsolar_plant_devices", labels, count, {"device_type": device_type_label(type_id)})


@dataclass(frozen=True, slots=True)
class PlantTimes(Part):
    """When data of the plants was last fetched."""

    collector: CollectorName
    ids: tuple[str, ...]
    """Codes."""
    labels: tuple[Labels, ...]

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (fetched_at_by(self.collector),)

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        # a corrected wall clock moves every time
        return (context.clock.wall(0), tuple(map(self._moments(context).get, self.ids)))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        moments = self._moments(context)
        extra = {"collector": self.collector.value}
        for code, labels in zip(self.ids, self.labels, strict=True):
            if code in moments:
                moment = context.clock.wall(moments[code])
                writer.add("fusionsolar_plant_last_success_timestamp_seconds", labels, moment, extra)

    def _moments(self, context: ExportContext) -> Mapping[str, float]:
        return context.snapshot.plant_fetched_at.get(self.collector, {})


def _inverter_parts(labels: tuple[Labels, ...], inverters: tuple[tuple[Device, ...], ...]) -> Iterator[Part]:
    """So many plants in a part that their inverters are about those of one request."""
    start, count = 0, 0
    for end, some in enumerate(inverters, start=1):
        count += len(some)
        if count >= CHUNK or end == len(inverters):
            yield PlantInverters(_ids(inverters[start:end]), labels[start:end], inverters[start:end])
            start, count = end, 0


def _ids(devices: tuple[tuple[Device, ...], ...]) -> tuple[str, ...]:
    return tuple(device.id for some in devices for device in some)


def _inverters(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    return tuple(device for device in devices if device.type_id in INVERTER_TYPES)


def _export_reading(reading: Reading, labels: Labels, context: ExportContext, writer: SampleWriter) -> None:
    for key, value in reading.values.items():
        target = plant_target(key)
        if target is not None:
            multiplier, divisor = multiplier_and_divisor(target.factor)
            writer.add(target.metric, labels, value * multiplier / divisor)
        elif writer.exports(_KPI) and (label := context.gate.label(key)) is not None:
            writer.add(_KPI, labels, value, {"key": label})
    for key, total in reading.totals.items():
        writer.add(COUNTERS[None, key], labels, total)
    health = reading.values.get(_HEALTH_KEY)
    if health is not None:
        writer.add("fusionsolar_plant_health_state", labels, 1, code_labels(CodeTable.HEALTH_STATE, health))
