"""One device of any type: what it measures, and in which state it was."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from fusionsolar_exporter.metrics.codes import CodeTable
from grafana import links
from grafana.alarm_panels import alarm_table
from grafana.device_electric import batteries, electric, energies, strings
from grafana.frame import dashboard
from grafana.panels import HALF, AnyPanel, Frame, Steps, lines, number, prop, timeline
from grafana.queries import DEVICE, Query, age, series
from grafana.states import GREEN, ONLINE, RED, YELLOW, code_words
from grafana.tables import Column, rows
from grafana.variables import account, device, plant

_HOT: Steps = ((None, GREEN), (65, YELLOW), (75, RED))
_TEMPERATURE = series("fusionsolar_device_internal_temperature_celsius", DEVICE)
_STATES = (
    ("inverter", "fusionsolar_device_inverter_state_code", code_words(CodeTable.INVERTER_STATE)),
    ("battery", "fusionsolar_device_battery_status_code", code_words(CodeTable.BATTERY_STATUS)),
    ("mode", "fusionsolar_device_charge_discharge_mode_code", code_words(CodeTable.CHARGE_DISCHARGE_MODE)),
    ("meter", "fusionsolar_device_meter_online", ONLINE),
    ("connection", "fusionsolar_device_connected", ONLINE),
)


def _who() -> AnyPanel:
    return rows(
        Frame("Device", "What the list of devices says about it.", (24, 4)),
        Column("Device", label="device"),
        Column("Type", label="device_type"),
        Column("Model", label="model"),
        Column("Serial number", label="serial_number"),
        Column("Software", label="software_version"),
        Column("Id", label="device_id"),
        *links.PLANT_COLUMNS,
        Column("Type id", label="device_type_id", hidden=True),
        Column("Info", expr=series("fusionsolar_device_info", DEVICE), hidden=True),
    )


def _numbers() -> list[AnyPanel]:
    power = series("fusionsolar_device_active_power_watts", DEVICE)
    stored = series("fusionsolar_device_charge_discharge_power_watts", DEVICE)
    return [
        number(
            Frame(
                "Power",
                "Active power of an inverter or a meter (positive while feeding in), or what a battery "
                "takes (positive while charging).",
                (5, 4),
                "watt",
                1,
                empty="none",
            ),
            Query(f"{power} or {stored}"),
        ),
        number(
            Frame("Yield today", "Of inverters. Keeps yesterday's until they wake.", (5, 4), "watth", 1, empty="none"),
            Query(series("fusionsolar_device_day_yield_watthours", DEVICE)),
        ),
        number(
            Frame("Temperature", "Inside an inverter.", (5, 4), "celsius", 1, steps=_HOT, empty="none"),
            Query(_TEMPERATURE),
        ),
        number(
            Frame("State of charge", "Of batteries.", (4, 4), "percentunit", 0, least=0, most=1, empty="none"),
            Query(series("fusionsolar_device_state_of_charge_ratio", DEVICE)),
        ),
        number(
            Frame(
                "Age of data",
                "Since the device's values were last fetched. None for devices that nothing reads.",
                (5, 4),
                "s",
                0,
                empty="not read",
            ),
            Query(age("fusionsolar_device_last_success_timestamp_seconds", DEVICE)),
        ),
    ]


def _states() -> AnyPanel:
    panel = timeline(
        Frame(
            "States",
            "State of an inverter by Table 9-1 of the vendor's reference; state and mode of a battery; whether a meter "
            "is online; whether the management system hears the device: inverters without sun are offline.",
            (24, 6),
        ),
        *(Query(series(metric, DEVICE), name) for name, metric, _ in _STATES),
    )
    for letter, (_, _, mappings) in zip("ABCDE", _STATES, strict=True):
        panel.override_by_query(letter, [prop("mappings", mappings)])
    return panel


def _alarms() -> AnyPanel:
    return alarm_table(
        Frame("Active alarms", "Alarms of this device, newest first.", (24, 5), empty="none"), (), DEVICE
    )


def _surroundings() -> list[AnyPanel]:
    temperatures = lines(
        Frame("Temperatures", "Inside an inverter; of air and modules at a weather station.", HALF, "celsius"),
        Query(_TEMPERATURE, "inverter"),
        Query(series("fusionsolar_device_ambient_temperature_celsius", DEVICE), "air"),
        Query(series("fusionsolar_device_pv_module_temperature_celsius", DEVICE), "modules"),
    )
    weather = lines(
        Frame(
            "Irradiance",
            "Of a weather station, on its own plane and on the horizontal one.",
            HALF,
            "Wm2",
            least=0,
            empty="not a weather station",
        ),
        Query(series("fusionsolar_device_irradiance_watts_per_square_meter", DEVICE), "in its plane"),
        Query(series("fusionsolar_device_horizontal_irradiance_watts_per_square_meter", DEVICE), "horizontal"),
    )
    others = lines(
        Frame(
            "Other values",
            "Values that no table of the exporter knows, in the unit of the interface: those of "
            "undocumented types of devices, for example.",
            (24, 8),
            "none",
            empty="none",
        ),
        Query(series("fusionsolar_device_kpi", DEVICE), "{{key}}"),
    )
    return [temperatures, weather, others]


def device_board() -> Dashboard:
    """The dashboard of one device."""
    return dashboard(
        links.DEVICE,
        "FusionSolar / Device",
        "One device of any type: voltages, currents, strings, energies, states. Panels that its type has no values "
        "for are empty.",
        (account(many=False), plant(many=False), device(many=False)),
        (
            ("", [_who(), *_numbers(), _states(), _alarms()]),
            ("Power, voltages, currents", electric()),
            ("Strings and MPP trackers (inverters)", strings()),
            ("Batteries", batteries()),
            ("Energies", energies()),
            ("Surroundings and other values", _surroundings()),
        ),
    )
