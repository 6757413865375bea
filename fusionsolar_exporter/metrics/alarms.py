"""The metrics of alarms (reference 9.1.7)."""

from collections import Counter
from collections.abc import Sequence

from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.labels import AccountLabels
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.model import Alarm, Severity
from fusionsolar_exporter.view import AccountView


def export_alarms(
    view: AccountView, labels: AccountLabels, buffer: SampleBuffer, severities: Sequence[Severity]
) -> None:
    """Add the alarms of one account; ``severities`` are counted even where there is no alarm."""
    devices = _AlarmDevices(view, labels)
    raised_at: dict[tuple[tuple[str, str], ...], float | None] = {}
    for code, plant_alarms in view.snapshot.alarms.items():
        plant_labels = labels.plants.get(code)
        if plant_labels is None:
            continue
        for alarm in plant_alarms.alarms:
            series = tuple(_alarm_labels(alarm, plant_labels, devices.find(alarm.serial_number, code)).items())
            raised_at[series] = _earliest(raised_at.get(series), alarm.raised_at)
        if plant_alarms.complete:
            counts = Counter(alarm.severity for alarm in plant_alarms.alarms)
            for severity in severities:
                buffer.add("fusionsolar_plant_alarms", plant_labels | {"severity": severity.value}, counts[severity])
    for series, moment in raised_at.items():
        series_labels = dict(series)
        buffer.add("fusionsolar_alarm", series_labels, 1)
        buffer.add("fusionsolar_alarm_raised_timestamp_seconds", series_labels, moment)


class _AlarmDevices:
    """The labelled devices of an account by serial number, which is all that an alarm tells."""

    def __init__(self, view: AccountView, labels: AccountLabels) -> None:
        self._labels = labels
        self._plant_and_id: dict[str, list[tuple[str, str]]] = {}
        for device_id in labels.devices if view.snapshot.alarms else ():
            device = view.snapshot.devices[device_id]
            if device.serial_number:
                self._plant_and_id.setdefault(device.serial_number, []).append((device.plant_code, device_id))

    def find(self, serial_number: str, plant_code: str) -> dict[str, str] | None:
        """Labels of the device, that of the alarm's plant where several share the number; None where none matches."""
        candidates = self._plant_and_id.get(serial_number)
        if not candidates:
            return None
        _, device_id = next((item for item in candidates if item[0] == plant_code), candidates[0])
        return self._labels.devices[device_id]


def _alarm_labels(alarm: Alarm, plant_labels: dict[str, str], device_labels: dict[str, str] | None) -> dict[str, str]:
    if device_labels is None:
        type_id = alarm.device_type_id
        device_labels = {
            **plant_labels,
            "device_id": "",
            "device": label_value(alarm.device_name),
            "device_type": "" if type_id is None else device_type_label(type_id),
        }
    return {
        **device_labels,
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
