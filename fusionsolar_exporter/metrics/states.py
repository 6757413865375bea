"""States of devices: one series for the present state of each, and the number of inverters in each state."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fusionsolar_exporter.metrics.codes import CodeTable, code_labels
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.labels import Labels
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.northbound.model import Reading


class _State(NamedTuple):
    key: str
    metric: str
    table: CodeTable


_INVERTER = _State("inverter_state", "fusionsolar_device_inverter_state", CodeTable.INVERTER_STATE)
_BATTERY = _State("battery_status", "fusionsolar_device_battery_status", CodeTable.BATTERY_STATUS)
_MODE = _State("ch_discharge_model", "fusionsolar_device_charge_discharge_mode", CodeTable.CHARGE_DISCHARGE_MODE)
_STATES: Mapping[int, tuple[_State, ...]] = {1: (_INVERTER,), 38: (_INVERTER,), 39: (_BATTERY, _MODE)}


def export_states(type_id: int, reading: Reading, labels: Labels, writer: SampleWriter) -> None:
    """Add the present states of one device (reference 9.2.6, Table 9-1)."""
    for state in _STATES.get(type_id, ()):
        code = reading.values.get(state.key)
        if code is not None:
            writer.add(state.metric, labels, 1, code_labels(state.table, code))


def export_inverter_counts(
    inverters: Iterable[tuple[int, Reading | None]], labels: Labels, writer: SampleWriter
) -> None:
    """Add the number of a plant's inverters in each state, by type; they come as type ids and readings."""
    counts: Counter[tuple[int, float]] = Counter()
    for type_id, reading in inverters:
        code = None if reading is None else reading.values.get(_INVERTER.key)
        if code is not None:
            counts[type_id, code] += 1
    for (type_id, code), count in counts.items():
        extra = {"device_type": device_type_label(type_id), **code_labels(CodeTable.INVERTER_STATE, code)}
        writer.add("fusionsolar_plant_inverters", labels, count, extra)
