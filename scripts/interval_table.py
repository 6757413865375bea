"""Write the tables of README.md and docs/rate-limits.md that follow from the limits: ``scripts/docs``."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.interfaces import Fleet, Interface
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.pacing.limits import limit_of
from fusionsolar_exporter.refresh.preview import preview
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.formatting import counted, span

FLEETS = (1, 20, 100, 230, 1000, 10_000)
TYPES = (38, 39, 47, 62)  # inverter, battery, meter and dongle of a household

_DATA = {
    CollectorName.PLANT_REALTIME: "real-time data of a plant",
    CollectorName.DEVICE_REALTIME: "real-time data of a device",
    CollectorName.PLANT_LIST: "list of plants",
    CollectorName.DEVICE_LIST: "list of devices",
    CollectorName.ALARMS: "alarms of a plant",
}
_SETTINGS = AccountSettings(AccountConfig(name="table", url="https://far", username="user", password="password"))  # noqa: S106


def tables() -> Mapping[tuple[str, str], str]:
    """The tables by page and by the name between the page's marks."""
    return {("README.md", "intervals"): intervals(), ("docs/rate-limits.md", "quotas"): quotas()}


def intervals() -> str:
    """How often the same plant or device is asked, by the size of the fleet."""
    plans = [preview(_SETTINGS, plants, TYPES, clock=SystemClock(), log=EventLogger()) for plants in FLEETS]
    rows = ([_DATA[row[0].name], *(span(each.interval) for each in row)] for row in zip(*plans, strict=True))
    return _table("refreshed every", rows)


def quotas() -> str:
    """How many calls the limits allow, by the size of the fleet."""
    return _table("calls allowed", ([f"`{interface}`", *_allowed(interface)] for interface in Interface))


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
