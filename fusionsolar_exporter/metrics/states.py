"""States of devices: one series for the present state of each, and the number of inverters in each state."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from fusionsolar_exporter.metrics.codes import CodeTable, code_labels
from fusionsolar_exporter.metrics.labels import AccountLabels
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.northbound.model import Device, Reading


class _State(NamedTuple):
    key: str
    metric: str
    table: CodeTable


_INVERTER = _State("inverter_state", "fusionsolar_device_inverter_state", CodeTable.INVERTER_STATE)
_BATTERY = _State("battery_status", "fusionsolar_device_battery_status", CodeTable.BATTERY_STATUS)
_MODE = _State("ch_discharge_model", "fusionsolar_device_charge_discharge_mode", CodeTable.CHARGE_DISCHARGE_MODE)
_STATES: Mapping[int, tuple[_State, ...]] = {1: (_INVERTER,), 38: (_INVERTER,), 39: (_BATTERY, _MODE)}


class DeviceStates:
    """Adds the states of the devices of one account (reference 9.2.6, Table 9-1)."""

    def __init__(self, labels: AccountLabels, buffer: SampleBuffer) -> None:
        self._labels = labels
        self._buffer = buffer
        self._inverters: Counter[tuple[str, str, tuple[tuple[str, str], ...]]] = Counter()

    def export(self, device: Device, reading: Reading, labels: dict[str, str]) -> None:
        """Add the present states of one device."""
        for state in _STATES.get(device.type_id, ()):
            code = reading.values.get(state.key)
            if code is None:
                continue
            state_labels = code_labels(state.table, code)
            self._buffer.add(state.metric, labels | state_labels, 1)
            if state is _INVERTER:
                self._inverters[device.plant_code, labels["device_type"], tuple(state_labels.items())] += 1

    def export_counts(self) -> None:
        """Add the number of inverters in each state, by plant and type."""
        for (plant_code, device_type, state_labels), count in self._inverters.items():
            labels = self._labels.plants[plant_code] | {"device_type": device_type} | dict(state_labels)
            self._buffer.add("fusionsolar_plant_inverters", labels, count)
