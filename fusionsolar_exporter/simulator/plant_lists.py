"""The plant lists: pages of 100 with kWp (reference 9.1.3), whole or paged with MW (9.4.2)."""

from datetime import UTC, datetime, timezone

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.parameters import required_number, text, whole_number
from fusionsolar_exporter.simulator.plants import SimulatedPlant
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

_STATIONS_PAGE = 100
_OLD_PAGES = frozenset({50, 100})
_BUILT = "2"


def stations(call: Call) -> Reply:
    """Answer the plant list interface (9.1.3)."""
    page = _page_number(call)
    begin, end = _connection_times(call)
    plants = [
        plant for plant in call.fleet.plants.values() if begin is None or begin <= plant.connected_at * 1000 <= end
    ]
    shown = _page(plants, page, _STATIONS_PAGE)
    items = [_station(plant, index, quirks=call.rules.quirks) for index, plant in shown]
    return Reply(data=_paged(items, len(plants), page, _STATIONS_PAGE), message="get plant list success")


def station_list(call: Call) -> Reply:
    """Answer the historical plant list interface (9.4.2): whole without parameters, else in pages of 50 or 100."""
    plants = list(call.fleet.plants.values())
    if not text(call.parameters, "pageNo") and not text(call.parameters, "pageSize"):
        return Reply(data=[_old_station(plant) for plant in plants], params=call.echo())
    page = _page_number(call)
    size = required_number(call.parameters, "pageSize", FailCode.PAGE_SIZE_EMPTY)
    if size not in _OLD_PAGES:
        raise Refusal(FailCode.PAGE_SIZE_OUT_OF_RANGE)
    items = [_old_station(plant) for _, plant in _page(plants, page, size)]
    return Reply(data=_paged(items, len(plants), page, size), params=call.echo())


def _page_number(call: Call) -> int:
    page = required_number(call.parameters, "pageNo", FailCode.PAGE_NUMBER_EMPTY)
    if page < 1:
        raise Refusal(FailCode.PAGE_NUMBER_TOO_SMALL)
    return page


def _connection_times(call: Call) -> tuple[int | None, int]:
    """Return the grid connection times asked for in milliseconds; the first is None where none are."""
    begin = whole_number(call.parameters, "gridConnectedStartTime")
    end = whole_number(call.parameters, "gridConnectedEndTime")
    if min(begin or 0, end or 0) < 0:
        raise Refusal(FailCode.NEGATIVE_TIME)
    if begin is None:
        return (None, 0) if end is None else (0, end)
    if end is None:
        if begin >= call.now_ms:
            raise Refusal(FailCode.START_NOT_BEFORE_NOW)
        return begin, call.now_ms
    if begin >= end:
        raise Refusal(FailCode.START_NOT_BEFORE_END)
    return begin, end


def _page(plants: list[SimulatedPlant], page: int, size: int) -> list[tuple[int, SimulatedPlant]]:
    first = (page - 1) * size
    return list(enumerate(plants))[first : first + size]


def _paged(items: list[dict[str, object]], total: int, page: int, size: int) -> dict[str, object]:
    return {"list": items, "pageCount": -(-total // size), "pageNo": page, "pageSize": size, "total": total}


def _station(plant: SimulatedPlant, index: int, *, quirks: bool) -> dict[str, object]:
    return {
        "plantCode": plant.code,
        "plantName": plant.name,
        "plantAddress": "1 Example Street",
        "longitude": _coordinate(plant.longitude, index, quirks=quirks),
        "latitude": _coordinate(plant.latitude, index, quirks=quirks),
        "capacity": plant.capacity_kw,
        "contactPerson": "Example Person",
        "contactMethod": "person@example.com",
        "gridConnectionDate": _connection_date(plant),
    }


def _coordinate(degrees: float, index: int, *, quirks: bool) -> object:
    """Return a number; under quirks in turn a number, a text, an empty text and null."""
    return (degrees, str(degrees), "", None)[index % 4] if quirks else degrees


def _connection_date(plant: SimulatedPlant) -> str:
    zone = timezone(plant.site.calendar.offset(plant.connected_at))
    return datetime.fromtimestamp(plant.connected_at, UTC).astimezone(zone).isoformat(timespec="seconds")


def _old_station(plant: SimulatedPlant) -> dict[str, object]:
    return {
        "stationCode": plant.code,
        "stationName": plant.name,
        "stationAddr": "1 Example Street",
        "capacity": round(plant.capacity_kw / 1000, 6),
        "buildState": _BUILT,
        "combineType": "2",
        "aidType": 1,
        "stationLinkman": "Example Person",
        "linkmanPho": "+1 555 0100",
    }
