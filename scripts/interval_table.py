"""Write the tables of README.md and docs/rate-limits.md that follow from the limits: ``scripts/docs``."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fusionsolar_exporter.config import AccountConfig, OAuthConfig
from fusionsolar_exporter.config.collectors import CollectorsConfig, ReportConfig
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.interfaces import Fleet, Interface
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.pacing.daily_budget import DailyBudget
from fusionsolar_exporter.pacing.limits import limit_of
from fusionsolar_exporter.refresh.preview import preview
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.formatting import counted, span

FLEETS = (1, 20, 100, 230, 1000, 10_000)
TYPES = (38, 39, 47, 62)  # inverter, battery, meter and dongle of a household

_TYPES_BEYOND_ONE = ((1,), (1, 39), (1, 10, 17, 39, 47))
_OAUTH = OAuthConfig(client_id="1", client_secret="secret", redirect_uri="https://far")  # noqa: S106

_DATA = {
    CollectorName.PLANT_REALTIME: "real-time data of a plant",
    CollectorName.DEVICE_REALTIME: "real-time data of a device",
    CollectorName.PLANT_LIST: "list of plants",
    CollectorName.DEVICE_LIST: "list of devices",
    CollectorName.ALARMS: "alarms of a plant",
    CollectorName.PLANT_HOURLY: "hours of a plant, where enabled",
}
_HOURS = CollectorsConfig(plant_hourly=ReportConfig(enabled=True))
_SETTINGS = AccountSettings(AccountConfig(name="table", url="https://far", username="user", password="password"))  # noqa: S106


def tables() -> Mapping[tuple[str, str], str]:
    """The tables by page and by the name between the page's marks."""
    return {
        ("README.md", "intervals"): intervals(),
        ("docs/rate-limits.md", "quotas"): quotas(),
        ("docs/rate-limits.md", "budget"): budget(),
    }


def intervals() -> str:
    """How often the same plant or device is asked, by the size of the fleet."""
    settings = AccountSettings(_SETTINGS.account, _HOURS)
    plans = [preview(settings, plants, TYPES, clock=SystemClock(), log=EventLogger()) for plants in FLEETS]
    rows = ([_DATA[row[0].name], *(span(each.interval) for each in row)] for row in zip(*plans, strict=True))
    return _table("refreshed every", rows)


def quotas() -> str:
    """How many calls the limits allow, by the size of the fleet."""
    return _table("calls allowed", ([f"`{interface}`", *_allowed(interface)] for interface in Interface))


def budget() -> str:
    """How often real-time data is read with OAuth's budget of a day, by the number of device types that have some."""
    settings = AccountSettings(AccountConfig(name="table", url="https://far", oauth=_OAUTH))
    limits = DailyBudget(_OAUTH.daily_calls, _OAUTH.daily_window + settings.rates.margin)
    rows = [["real-time data of up to 100 plants", "without a budget", "the first day", "by day, of 12 h", "by night"]]
    for types in _TYPES_BEYOND_ONE:
        spent = preview(settings, 1, types, clock=SystemClock(), log=EventLogger())
        free = preview(_SETTINGS, 1, types, clock=SystemClock(), log=EventLogger())
        load = sum(each.calls / each.interval for each in free)
        day, night = limits.stretches(load, 0.5)
        (usual,) = [each.interval for each in free if each.name is CollectorName.DEVICE_REALTIME]
        (first,) = [each.interval for each in spent if each.name is CollectorName.DEVICE_REALTIME]
        intervals = (usual, first, usual * day, usual * night)
        rows.append([counted(len(types), "device type"), *(f"{interval:.0f} s" for interval in intervals)])
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _allowed(interface: Interface) -> Iterable[str]:
    for plants in FLEETS:
        fleet = Fleet(plants, dict.fromkeys(TYPES, plants))
        limit = limit_of(interface, fleet, _SETTINGS.rates)
        yield f"{limit.calls} in {span(limit.window - _SETTINGS.rates.margin)}"


def _table(corner: str, rows: Iterable[list[str]]) -> str:
    head = [corner, *(counted(plants, "plant") for plants in FLEETS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def main() -> None:
    """Write every table between its marks."""
    root = Path(__file__).parents[1]
    for (page, name), table in tables().items():
        path = root / page
        marks = re.compile(rf"(?<=<!-- {name}: made by scripts/docs -->\n).*?(?=\n<!-- end of {name} -->)", re.DOTALL)
        text, found = marks.subn(table, path.read_text(encoding="utf-8"))  # no backslash in a table
        if found != 1:
            raise SystemExit(f"{page}: expected one pair of marks for {name}, found {found}")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
