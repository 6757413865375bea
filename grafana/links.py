"""Ways from one dashboard to the others; chosen accounts, time range and data source go along."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from grafana.tables import Column

TAG = "fusionsolar"
FLEET, PLANT, DEVICE = "fusionsolar-fleet", "fusionsolar-plant", "fusionsolar-device"
ALARMS, HEALTH, PERFORMANCE = "fusionsolar-alarms", "fusionsolar-exporter-health", "fusionsolar-performance"
"""What dashboards are known by in addresses; never changed, since people keep them as bookmarks."""

_BOARDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    FLEET: ("Fleet", ("account",)),
    PLANT: ("Plant", ("account", "plant")),
    DEVICE: ("Device", ("account", "plant")),
    PERFORMANCE: ("Performance", ("account", "plant")),
    ALARMS: ("Alarms", ("account", "plant", "device")),
    HEALTH: ("Exporter health", ("account",)),
}
"""Titles in menus, and the variables that each takes over."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    FLEET: ("account", "plant"),
    PLANT: ("account", "plant"),
    DEVICE: ("account", "plant", "device"),
    PERFORMANCE: ("account", "plant"),
    ALARMS: ("account", "plant", "device"),
    HEALTH: ("account",),
}
"""The variables that each dashboard has."""
_SINGLE: Mapping[str, tuple[str, ...]] = {PLANT: ("account", "plant"), DEVICE: ("account", "plant", "device")}
"""Variables that have exactly one value; elsewhere they may have any number, or all."""
_ALONG = "${datasource:queryparam}&${__url_time_range}"


def _to(uid: str, *labels: tuple[str, str]) -> str:
    chosen = "&".join(f"var-{variable}=${{__data.fields.{label}:percentencode}}" for variable, label in labels)
    return f"/d/{uid}?{chosen}&{_ALONG}"


_PLANT_CHOICE = (("account", "account"), ("plant", "plant_code"))
TO_PLANT = ("Show the plant", _to(PLANT, *_PLANT_CHOICE))
TO_DEVICE = ("Show the device", _to(DEVICE, *_PLANT_CHOICE, ("device", "device_id")))
TO_PLANT_ALARMS = ("Show the plant's alarms", _to(ALARMS, *_PLANT_CHOICE))

PLANT_COLUMNS = (
    Column("Plant", label="plant", link=TO_PLANT),
    Column("Account", label="account"),
    Column("Code", label="plant_code", hidden=True),
)
"""What names a plant in a table."""
DEVICE_COLUMNS = (
    Column("Device", label="device", link=TO_DEVICE),
    Column("Type", label="device_type"),
    Column("Id", label="device_id", hidden=True),
    Column("Account", label="account", hidden=True),
    Column("Code", label="plant_code", hidden=True),
)
"""What names a device in a table of one plant."""


def menu(uid: str) -> list[DashboardLink]:
    """The links at the top of a dashboard to the other ones; "all" is not handed to a page about one."""
    made = []
    for target, (title, taken) in _BOARDS.items():
        if target != uid:
            one, ours = _SINGLE.get(target, ()), _SINGLE.get(uid, ())
            handed = [name for name in taken if name in _CHOICES[uid] and (name in ours or name not in one)]
            along = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", *handed))
            link = DashboardLink(title).type(DashboardLinkType.LINK).url(f"/d/{target}?{along}").icon("dashboard")
            made.append(link.tooltip(f"FusionSolar: {title}").keep_time(True))
    return made
