"""The metrics of alarms (reference 9.1.7)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.labels import AccountLabels, Labels, chunks
from fusionsolar_exporter.metrics.part import CHUNK, ExportContext, Part
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.model import Alarm


def alarm_parts(labels: AccountLabels) -> Iterator[Part]:
    """The parts of an account's alarms: the alarms themselves, and their numbers by plant."""
    yield AlarmSeries(labels)
    for chunk in chunks(tuple(labels.plants), CHUNK):
        yield AlarmCounts(chunk, tuple(labels.plants[code] for code in chunk))


@dataclass(frozen=True, slots=True)
class AlarmCounts(Part):
    """The number of alarms of plants whose alarms are completely known."""

    reads: ClassVar = ("alarms",)

    ids: tuple[str, ...]
    """Codes."""
    labels: tuple[Labels, ...]

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple(map(context.snapshot.alarms.get, self.ids))

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for code, labels in zip(self.ids, self.labels, strict=True):
            alarms = context.snapshot.alarms.get(code)
            if alarms is not None and alarms.complete:
                counts = Counter(alarm.severity for alarm in alarms.alarms)
                for severity in context.severities:
                    writer.add("fusionsolar_plant_alarms", labels, counts[severity], {"severity": severity.value})


class AlarmSeries(Part):
    """Every alarm. One part, since an alarm may carry the labels of a device of another plant."""

    reads: ClassVar = ("alarms",)

    def __init__(self, labels: AccountLabels) -> None:
        self.ids = None
        self._labels = labels

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        return tuple((code, some.alarms) for code, some in context.snapshot.alarms.items() if some.alarms)

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        devices = self._devices(context)
        series: dict[tuple[tuple[str, str], ...], tuple[Labels, dict[str, str]]] = {}
        raised_at: dict[tuple[tuple[str, str], ...], float | None] = {}
        for code, plant_alarms in context.snapshot.alarms.items():
            plant_labels = self._labels.plants.get(code)
            if plant_labels is None:
                continue
            for alarm in plant_alarms.alarms:
                found = _find(devices.get(alarm.serial_number, ()), code)
                labels = plant_labels if found is None else found
                extra = (_device(alarm) if found is None else {}) | _alarm(alarm)
                key = tuple((labels.values | extra).items())
                series[key] = labels, extra
                raised_at[key] = _earliest(raised_at.get(key), alarm.raised_at)
        for key, (labels, extra) in series.items():
            writer.add("fusionsolar_alarm", labels, 1, extra)
            writer.add("fusionsolar_alarm_raised_timestamp_seconds", labels, raised_at[key], extra)

    def _devices(self, context: ExportContext) -> dict[str, list[tuple[str, Labels]]]:
        """Plant codes and labels of the devices by serial number, which is all that an alarm tells."""
        found: dict[str, list[tuple[str, Labels]]] = {}
        wanted = {alarm.serial_number for some in context.snapshot.alarms.values() for alarm in some.alarms} - {""}
        for device_id, labels in self._labels.devices.items() if wanted else ():
            device = self._labels.known_devices[device_id]
            if device.serial_number in wanted:
                found.setdefault(device.serial_number, []).append((device.plant_code, labels))
        return found


def _find(candidates: list[tuple[str, Labels]] | tuple[()], plant_code: str) -> Labels | None:
    """The device of the alarm's plant where several share the number; None where none matches."""
    if not candidates:
        return None
    return next((labels for code, labels in candidates if code == plant_code), candidates[0][1])


def _device(alarm: Alarm) -> dict[str, str]:
    """Labels of a device that the device list does not know."""
    type_id = alarm.device_type_id
    return {
        "device_id": "",
        "device": label_value(alarm.device_name),
        "device_type": "" if type_id is None else device_type_label(type_id),
    }


def _alarm(alarm: Alarm) -> dict[str, str]:
    return {
        "alarm_id": label_value(alarm.alarm_id),
        "alarm_name": label_value(alarm.name),
        "cause_id": label_value(alarm.cause_id),
        "severity": alarm.severity.value,
        "alarm_type": label_value(alarm.alarm_type),
    }


def _earliest(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
