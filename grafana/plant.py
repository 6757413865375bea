"""One plant: its power on the way from the strings to the grid, and what it earns."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana import links
from grafana.alarm_panels import alarm_table
from grafana.frame import dashboard
from grafana.panels import AnyPanel, Frame
from grafana.plant_energy import meters_and_batteries, weather
from grafana.plant_numbers import lifetime, plant_numbers
from grafana.plant_power import plant_power, way
from grafana.queries import PLANT, series
from grafana.tables import Column, rows
from grafana.variables import account, plant


def _devices() -> AnyPanel:
    return rows(
        Frame("Devices", "Every device in the list of devices; the first column leads to its page.", (24, 10)),
        *links.DEVICE_COLUMNS,
        Column("Model", label="model"),
        Column("Serial number", label="serial_number"),
        Column("Info", expr=series("fusionsolar_device_info", PLANT), hidden=True),
    )


def plant_board() -> Dashboard:
    """The dashboard of one plant."""
    alarms = alarm_table(
        Frame("Active alarms", "Alarms of this plant, newest first.", (24, 7)), links.DEVICE_COLUMNS, PLANT
    )
    return dashboard(
        links.PLANT,
        "FusionSolar / Plant",
        "One plant: power against yesterday, from the strings to the grid, meters, batteries, income, alarms.",
        (account(many=False), plant(many=False)),
        (
            ("", [*plant_numbers(), *lifetime(), *plant_power()]),
            ("From the strings to the plant", way()),
            ("Meters, batteries, income, weather", [*meters_and_batteries(), weather()]),
            ("Alarms and devices", [alarms, _devices()]),
        ),
    )
