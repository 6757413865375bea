"""Power of one plant on its way from the strings to the grid."""

from fusionsolar_exporter.metrics.codes import CodeTable
from grafana.panels import HALF, AnyPanel, Frame, coloured, dashed, lines, timeline
from grafana.plant_devices import inverter_table, weakest_strings
from grafana.queries import BY_PLANT, PLANT, Query, series, total
from grafana.states import BLUE, ORANGE, PURPLE, YELLOW, code_words

_METERS = 'device_type=~"grid_meter|power_sensor"'
_POWER = series("fusionsolar_plant_active_power_watts", PLANT)
_PV = total(_POWER, *BY_PLANT)
_GRID = total(series("fusionsolar_device_active_power_watts", PLANT, _METERS), *BY_PLANT)
_STORED = total(series("fusionsolar_device_charge_discharge_power_watts", PLANT), *BY_PLANT)
# a residential battery hangs on its inverter, whose output holds it already
_STORED_AC = total(series("fusionsolar_device_charge_discharge_power_watts", PLANT, 'device_type="ess"'), *BY_PLANT)
_VOLTS = series("fusionsolar_device_pv_voltage_volts", PLANT)
_AMPERES = series("fusionsolar_device_pv_current_amperes", PLANT)
_STRINGS = total(f"{_VOLTS} * {_AMPERES}", *BY_PLANT)
_INPUTS = total(series("fusionsolar_device_dc_input_power_watts", PLANT), *BY_PLANT)
_STATE = series("fusionsolar_device_inverter_state_code", PLANT)


def plant_power() -> list[AnyPanel]:
    """Power of the plant, and where it goes."""
    against = lines(
        Frame(
            "Power against yesterday", "Power of the plant; dashed the day before at the same time.", (12, 9), "watt"
        ),
        Query(_POWER, "now"),
        Query(series("fusionsolar_plant_active_power_watts", PLANT, offset="1d"), "yesterday"),
    )
    coloured(against, {"now": YELLOW})
    # at night inverters say nothing, so the meter tells which plant there is
    sources = f"({_PV} or {_GRID} * 0)"
    used = f"{sources} - {_GRID} - ({_STORED_AC} or {sources} * 0)"
    flows = lines(
        Frame(
            "Where the power goes",
            "From the sun: DC input of the inverters, or their output where they tell none. To the grid: positive "
            "while feeding in, by the meters. Into batteries: positive while charging. Used: what inverters deliver "
            "less what is fed in and what commercial storage takes, where there is a meter; a battery on an inverter "
            "is in its output already.",
            (12, 9),
            "watt",
        ),
        Query(f"{_INPUTS} or {_PV}", "from the sun"),
        Query(_GRID, "to the grid"),
        Query(_STORED, "into batteries"),
        Query(used, "used"),
    )
    return [
        dashed(against, "yesterday", "text"),
        coloured(flows, {"from the sun": YELLOW, "to the grid": PURPLE, "into batteries": BLUE, "used": ORANGE}),
    ]


def way() -> list[AnyPanel]:
    """From the strings over the inverters to the plant."""
    return [
        lines(
            Frame(
                "From the strings to the plant",
                "Power of all strings (voltage times current), of all inputs of inverters, and of the plant. "
                "Lines that lie apart show where power is lost, or a device that is not read.",
                HALF,
                "watt",
                least=0,
            ),
            Query(_STRINGS, "strings"),
            Query(_INPUTS, "inputs of inverters"),
            Query(_PV, "plant"),
        ),
        lines(
            Frame("Power of each inverter", "One that stays behind the others needs a look.", HALF, "watt", least=0),
            Query(series("fusionsolar_device_active_power_watts", PLANT, 'device_type=~".*inverter"'), "{{device}}"),
        ),
        inverter_table(),
        weakest_strings(),
        timeline(
            Frame(
                "States of inverters",
                "State of each inverter over time, by Table 9-1 of the vendor's reference.",
                (12, 9),
                mappings=code_words(CodeTable.INVERTER_STATE),
            ),
            Query(_STATE, "{{device}}"),
        ),
    ]
