"""The inverters and strings of a plant, as tables."""

from grafana_foundation_sdk.builders.table import Panel

from fusionsolar_exporter.metrics.codes import CodeTable
from grafana.links import DEVICE_COLUMNS
from grafana.panels import Frame
from grafana.queries import BY_DEVICE, PLANT, series, total
from grafana.states import GREEN, ORANGE, RED, YELLOW, code_words
from grafana.tables import Column, rows

_INVERTERS = 'device_type=~".*inverter"'
_OUT = series("fusionsolar_device_active_power_watts", PLANT, _INVERTERS)
_IN = series("fusionsolar_device_dc_input_power_watts", PLANT)
_VOLTS = series("fusionsolar_device_pv_voltage_volts", PLANT)
_AMPERES = series("fusionsolar_device_pv_current_amperes", PLANT)
_WEAK = 15


def inverter_table() -> Panel:
    """From the strings of each inverter to its output."""
    return rows(
        Frame(
            "Inverters",
            "From the power of an inverter's strings (voltage times current) over its inputs to its output.",
            (24, 7),
        ),
        *DEVICE_COLUMNS,
        Column(
            "State",
            expr=series("fusionsolar_device_inverter_state_code", PLANT),
            mappings=code_words(CodeTable.INVERTER_STATE),
            width=240,
        ),
        Column("Strings", expr=total(f"{_VOLTS} * {_AMPERES}", *BY_DEVICE), unit="watt", decimals=1),
        Column("Inputs", expr=_IN, unit="watt", decimals=1),
        Column("Output", expr=_OUT, unit="watt", decimals=1),
        Column("Output / inputs", expr=f"{_OUT} / ({_IN} > 0)", unit="percentunit", decimals=1, width=130),
        Column("Yield today", expr=series("fusionsolar_device_day_yield_watthours", PLANT), unit="watth", decimals=1),
        Column(
            "Temperature",
            expr=series("fusionsolar_device_internal_temperature_celsius", PLANT),
            unit="celsius",
            decimals=1,
            steps=((None, GREEN), (65, YELLOW), (75, RED)),
        ),
        sort="Device",
    )


def weakest_strings() -> Panel:
    """Strings that have a voltage, hence are fitted, against the mean of those of the same inverter."""
    siblings = f"avg by (account, plant_code, device_id) ({_AMPERES} and {_VOLTS} > 0) > 0"
    share = f"({_AMPERES} and {_VOLTS} > 0) / on (account, plant_code, device_id) group_left () ({siblings})"
    return rows(
        Frame(
            "Weakest strings",
            "Current of a string against the mean of the same inverter's strings, the least first. Far under 100 % "
            "is shade, dirt, a blown fuse or an open connector. Empty at night.",
            (12, 9),
        ),
        *DEVICE_COLUMNS[:1],
        *DEVICE_COLUMNS[2:],
        Column("Type", label="device_type", hidden=True),
        Column("String", label="pv", width=80),
        Column("Current", expr=f"{_AMPERES} and {_VOLTS} > 0", unit="amp", decimals=2, width=100),
        Column(
            "Against its siblings",
            expr=f"bottomk({_WEAK}, {share})",
            unit="percentunit",
            decimals=0,
            steps=((None, RED), (0.5, ORANGE), (0.8, GREEN)),
        ),
        sort="Against its siblings",
    )
