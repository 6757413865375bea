"""Electric values of one device, on the side of the grid and on that of the strings."""

from collections.abc import Sequence

from fusionsolar_exporter.metrics.families import FAMILIES
from grafana.panels import HALF, AnyPanel, Frame, lines, right
from grafana.queries import DEVICE, Query, series

_NO_STRINGS = "no strings: not an inverter"
_NO_BATTERY = "not a battery"


def _asked(*named: tuple[str, str]) -> Sequence[Query]:
    """Queries of ``(metric without its prefix, legend)``."""
    return [Query(series(f"fusionsolar_device_{metric}", DEVICE), legend) for metric, legend in named]


def electric() -> list[AnyPanel]:
    """Powers, voltages and currents of the grid's side."""
    power = Frame(
        "Powers", "Active, reactive and apparent power, the input of an inverter, each phase of a meter.", HALF, "watt"
    )
    quality = lines(
        Frame("Frequency and power factor", "Of the grid; on the right the power factor.", HALF, "hertz", 2),
        *_asked(("grid_frequency_hertz", "frequency"), ("power_factor", "power factor")),
    )
    return [
        lines(
            power,
            *_asked(
                ("active_power_watts", "active"),
                ("reactive_power_vars", "reactive"),
                ("apparent_power_voltamperes", "apparent"),
                ("dc_input_power_watts", "input"),
                ("phase_active_power_watts", "phase {{phase}}"),
            ),
        ),
        lines(
            Frame("Voltages", "Of each phase, and between two phases.", HALF, "volt", 1),
            *_asked(("phase_voltage_volts", "phase {{phase}}"), ("line_voltage_volts", "line {{line}}")),
        ),
        lines(
            Frame("Currents", "Of each phase.", HALF, "amp", 1),
            *_asked(("phase_current_amperes", "phase {{phase}}")),
        ),
        right(quality, "/power factor/", "none", "power factor"),
    ]


def strings() -> list[AnyPanel]:
    """Voltages and currents of strings, energies of MPP trackers."""
    volts = "fusionsolar_device_pv_voltage_volts"
    fitted = f"max by ({', '.join(FAMILIES[volts].all_labels)}) (max_over_time({volts}{{{DEVICE}}}[1d])) > 0"
    mppt = "fusionsolar_device_mppt_total_energy_watthours"
    trackers = Frame(
        "Yield of MPP trackers",
        "Energy that came in through each tracker within the hour before.",
        (24, 8),
        "watth",
        least=0,
        empty=_NO_STRINGS,
    )
    return [
        lines(
            Frame("Voltages of strings", "Of strings that are fitted.", (12, 10), "volt", least=0, empty=_NO_STRINGS),
            Query(f"{series(volts, DEVICE)} and {fitted}", "pv{{pv}}"),
            many=True,
        ),
        lines(
            Frame(
                "Currents of strings",
                "A line under the others is a string to look at.",
                (12, 10),
                "amp",
                least=0,
                empty=_NO_STRINGS,
            ),
            Query(f"{series('fusionsolar_device_pv_current_amperes', DEVICE)} and {fitted}", "pv{{pv}}"),
            many=True,
        ),
        lines(trackers, Query(f"{series(mppt, DEVICE)} - {series(mppt, DEVICE, offset='1h')}", "MPPT {{mppt}}")),
    ]


def batteries() -> list[AnyPanel]:
    """What a battery does."""
    power = lines(
        Frame(
            "Charging and discharging",
            "Power (positive while charging), its limits, and the voltage of the battery (right).",
            HALF,
            "watt",
            empty=_NO_BATTERY,
        ),
        *_asked(
            ("charge_discharge_power_watts", "charging"),
            ("max_charge_power_watts", "most while charging"),
            ("max_discharge_power_watts", "most while discharging"),
            ("battery_voltage_volts", "voltage"),
        ),
    )
    health = Frame(
        "Charge and health",
        "As shares of a full and of a new battery.",
        HALF,
        "percentunit",
        0,
        least=0,
        most=1,
        empty=_NO_BATTERY,
    )
    return [
        right(power, "/voltage/", "volt", "voltage"),
        lines(health, *_asked(("state_of_charge_ratio", "charge"), ("state_of_health_ratio", "health"))),
    ]


def energies() -> list[AnyPanel]:
    """Counters of meters, inverters and batteries."""
    return [
        lines(
            Frame("Energy of the day", "Yield of an inverter, charge and discharge of a battery.", HALF, "watth"),
            *_asked(
                ("day_yield_watthours", "yield"),
                ("day_charged_energy_watthours", "charged"),
                ("day_discharged_energy_watthours", "discharged"),
            ),
        ),
        lines(
            Frame("Counters of energy", "What an inverter has yielded and a meter has counted so far.", HALF, "watth"),
            *_asked(
                ("total_yield_watthours", "yield in all"),
                ("total_dc_input_energy_watthours", "input in all"),
                ("positive_active_energy_watthours", "positive"),
                ("negative_active_energy_watthours", "negative"),
            ),
        ),
    ]
