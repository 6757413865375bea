"""The metrics of devices (reference 9.1.5, 9.1.6.1)."""

from collections.abc import Collection, Mapping
from math import isfinite

from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.labels import AccountLabels
from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.metrics.states import DeviceStates
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.metrics.unknown_keys import KeyGate
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

_KPI = "fusionsolar_device_kpi"


def export_devices(view: AccountView, labels: AccountLabels, buffer: SampleBuffer, clock: Clock) -> None:
    """Add what is known about the devices of one account beside their readings."""
    snapshot = view.snapshot
    for device_id, device_labels in labels.devices.items():
        if device_id in snapshot.listed_devices:
            info = _info_labels(snapshot.devices[device_id])
            buffer.add("fusionsolar_device_info", device_labels | info, 1)
        moment = snapshot.device_fetched_at.get(device_id)
        if moment is not None:
            buffer.add("fusionsolar_device_last_success_timestamp_seconds", device_labels, clock.wall(moment))


def export_device_readings(
    view: AccountView,
    labels: AccountLabels,
    buffer: SampleBuffer,
    gate: KeyGate,
    fitted: Mapping[str, Collection[str]] | None,
) -> None:
    """Add the readings of one account's devices; ``fitted`` are the PV strings to export, None exports all."""
    snapshot = view.snapshot
    states = DeviceStates(labels, buffer)
    routes_of: dict[int, Routes] = {}
    for device_id, reading in snapshot.device_readings.items():
        device_labels = labels.devices.get(device_id)
        if device_labels is None:
            continue
        device = snapshot.devices[device_id]
        routes = routes_of.get(device.type_id)
        if routes is None:
            routes = routes_of[device.type_id] = Routes(device.type_id, buffer, view.scale_overrides)
        strings = None if fitted is None else fitted.get(device_id, ())
        unknown = _export_values(reading.values, device_labels, routes, strings)
        if unknown and buffer.exports(_KPI):
            _export_unknown(unknown, device_labels, routes, buffer, gate)
        states.export(device, reading, device_labels)
    states.export_counts()


def _export_values(
    values: Mapping[str, float], labels: dict[str, str], routes: Routes, strings: Collection[str] | None
) -> dict[str, float]:
    """Add the values whose keys are known; return the others."""
    unknown: dict[str, float] = {}
    # the one loop that runs for every value of the fleet
    for key, value in values.items():
        route = routes[key]
        if route is None:
            unknown[key] = value
            continue
        add, metric, label, text, multiplier, divisor, string = route
        if string and strings is not None and string not in strings:
            continue
        converted = value * multiplier / divisor
        if isfinite(converted):
            add(Sample(metric, {**labels, label: text} if label else labels, converted))
    return unknown


def _export_unknown(
    values: Mapping[str, float], labels: dict[str, str], routes: Routes, buffer: SampleBuffer, gate: KeyGate
) -> None:
    for key, value in values.items():
        label = gate.label(key)
        if label is not None:
            multiplier, divisor = routes.scale(key, 1.0)
            buffer.add(_KPI, labels | {"key": label}, value * multiplier / divisor)


def _info_labels(device: Device) -> dict[str, str]:
    return {
        "serial_number": label_value(device.serial_number),
        "model": label_value(device.model),
        "software_version": label_value(device.software_version),
        "device_type_id": str(device.type_id),
    }
