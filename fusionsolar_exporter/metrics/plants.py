"""The metrics of plants (reference 9.1.3, 9.1.4.1, 9.1.5)."""

from collections import Counter

from fusionsolar_exporter.metrics.codes import CodeTable, code_labels
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import plant_target
from fusionsolar_exporter.metrics.labels import AccountLabels
from fusionsolar_exporter.metrics.plant_power import plant_active_power
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.metrics.unknown_keys import KeyGate
from fusionsolar_exporter.northbound.model import Plant, Reading
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

_KPI = "fusionsolar_plant_kpi"
_HEALTH_KEY = "real_health_state"


def export_plants(view: AccountView, labels: AccountLabels, buffer: SampleBuffer, gate: KeyGate, clock: Clock) -> None:
    """Add everything about the plants of one account, alarms apart."""
    snapshot = view.snapshot
    for code, plant_labels in labels.plants.items():
        if code in snapshot.listed_plants:
            _export_info(snapshot.plants[code], plant_labels, buffer)
    for code, watts in plant_active_power(snapshot, view.scale_overrides):
        if code in labels.plants:
            buffer.add("fusionsolar_plant_active_power_watts", labels.plants[code], watts)
    for code, reading in snapshot.plant_readings.items():
        if code in labels.plants:
            _export_reading(reading, labels.plants[code], buffer, gate)
    _export_device_counts(view, labels, buffer)
    for collector, moments in snapshot.plant_fetched_at.items():
        for code, moment in moments.items():
            if code in labels.plants:
                buffer.add(
                    "fusionsolar_plant_last_success_timestamp_seconds",
                    labels.plants[code] | {"collector": collector.value},
                    clock.wall(moment),
                )


def _export_info(plant: Plant, labels: dict[str, str], buffer: SampleBuffer) -> None:
    date = label_value(plant.grid_connection_date)
    buffer.add("fusionsolar_plant_info", labels | {"grid_connection_date": date}, 1)
    buffer.add("fusionsolar_plant_capacity_watts", labels, plant.capacity_watts)
    buffer.add("fusionsolar_plant_latitude_degrees", labels, plant.latitude)
    buffer.add("fusionsolar_plant_longitude_degrees", labels, plant.longitude)
    buffer.add("fusionsolar_plant_grid_connection_timestamp_seconds", labels, plant.grid_connected_at)


def _export_reading(reading: Reading, labels: dict[str, str], buffer: SampleBuffer, gate: KeyGate) -> None:
    for key, value in reading.values.items():
        target = plant_target(key)
        if target is not None:
            multiplier, divisor = multiplier_and_divisor(target.factor)
            buffer.add(target.metric, labels, value * multiplier / divisor)
        elif buffer.exports(_KPI) and (label := gate.label(key)) is not None:
            buffer.add(_KPI, labels | {"key": label}, value)
    health = reading.values.get(_HEALTH_KEY)
    if health is not None:
        buffer.add("fusionsolar_plant_health_state", labels | code_labels(CodeTable.HEALTH_STATE, health), 1)


def _export_device_counts(view: AccountView, labels: AccountLabels, buffer: SampleBuffer) -> None:
    devices = view.snapshot.devices
    listed = (devices[device_id] for device_id in labels.devices if device_id in view.snapshot.listed_devices)
    counts = Counter((device.plant_code, device.type_id) for device in listed)
    for (code, type_id), count in counts.items():
        device_type = {"device_type": device_type_label(type_id)}
        buffer.add("fusionsolar_plant_devices", labels.plants[code] | device_type, count)
