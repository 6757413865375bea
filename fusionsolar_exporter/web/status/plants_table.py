"""The plants: totals, a search, and a row each, those that need somebody first."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from math import ceil

from fusionsolar_exporter.web.formatting import NOTHING, counted, lasting, relative, tally
from fusionsolar_exporter.web.status.markup import Markup, element, foreign, joined, table
from fusionsolar_exporter.web.status.quantities import energy, power, share
from fusionsolar_exporter.web.status.query import PLANTS_OF_A_PAGE, Order, PlantQuery
from fusionsolar_exporter.web.status.report import AccountReport, PlantReport

_ORDERS = {
    Order.ATTENTION: "what needs attention",
    Order.NAME: "name",
    Order.POWER: "power",
    Order.SHARE: "share of capacity",
    Order.YIELD: "yield",
    Order.AGE: "oldest data",
}
_HEALTH_TONE = {"healthy": "ok", "faulty": "bad", "disconnected": "wait"}
_SEVERITY_TONE = {"critical": "bad", "major": "bad", "minor": "wait", "warning": "dim"}
_HEADINGS = ("Plant", "Power now", "Of capacity", "Today", "Health", "Inverters", "Alarms", "Data", "Last 24 hours")
_BAD_ATTENTION = 2

ChartOf = Callable[[str, str], Markup]


def plants_section(
    accounts: Sequence[AccountReport],
    query: PlantQuery,
    chart_of: ChartOf,
    total: Markup,
    now: float,
) -> list[Markup]:
    """Everything about plants."""
    owners = {id(plant): account.account for account in accounts for plant in account.plants}
    plants = list(chain.from_iterable(account.plants for account in accounts))
    if not plants:
        return [element("section", element("h2", "Plants"), element("p", "No plant is known yet.", class_="dim"))]
    found = query.take(plants)
    shown = query.of_page(found)
    rows = (_row(plant, chart_of(owners[id(plant)], plant.plant_code), now) for plant in shown)
    parts = [element("h2", "Plants"), _totals(plants, total)]
    if len(plants) > 1:
        parts.append(_tools(query))
    caption = counted(len(found), "plant") if not query.search else f"{counted(len(found), 'plant')} found"
    parts.append(table(_HEADINGS, rows, caption=caption, kind="plants"))
    parts += _pages(query, len(found))
    return [element("section", *parts, id="plants")]


def plants_needing(plants: Iterable[PlantReport]) -> int:
    """How many of these need somebody."""
    return sum(plant.attention >= _BAD_ATTENTION for plant in plants)


def _totals(plants: Sequence[PlantReport], chart: Markup) -> Markup:
    alarms = sum(plant.active_alarms or 0 for plant in plants)
    numbers = [
        ("power now", power(_sum([plant.power_watts for plant in plants]))),
        ("today", energy(_sum([plant.day_yield_watthours for plant in plants]))),
        ("plants", f"{len(plants):,}"),
        ("need attention", f"{plants_needing(plants):,}"),
        ("alarms", f"{alarms:,}"),
    ]
    cards = [element("div", element("dt", name), element("dd", value)) for name, value in numbers]
    return element("div", element("dl", *cards, class_="totals"), chart)


def _sum(values: Sequence[float | None]) -> float | None:
    """What is known of a sum; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _tools(query: PlantQuery) -> Markup:
    """A search, and links that sort; both are addresses, so that nothing here needs a script."""
    hidden = element("input", type="hidden", name="sort", value=query.order.value)
    search = element("input", type="search", name="q", value=query.search, id="search", placeholder="name or code")
    form = element(
        "form",
        element("label", "Search ", for_="search"),
        search,
        hidden,
        element("button", "Find"),
        method="get",
        action="",
        role="search",
    )
    links = [
        element("strong", words) if order is query.order else element("a", words, href=query.address(order=order))
        for order, words in _ORDERS.items()
    ]
    return element("div", form, element("p", "Sorted by ", *_between(links, " · "), class_="dim"), class_="tools")


def _between(parts: Sequence[Markup], gap: str) -> list[str]:
    return [piece for part in parts for piece in (gap, part)][1:]


def _row(plant: PlantReport, chart: Markup, now: float) -> Sequence[str]:
    return (
        joined(foreign(plant.plant), " ", element("small", plant.plant_code)),
        power(plant.power_watts),
        share(plant.power_watts, plant.capacity_watts),
        energy(plant.day_yield_watthours),
        element("span", plant.health, class_=_HEALTH_TONE.get(plant.health, "wait")) if plant.health else NOTHING,
        tally(plant.inverters),
        _alarms(plant, now),
        relative(plant.data_timestamp_seconds, now),
        chart or NOTHING,
    )


def _alarms(plant: PlantReport, now: float) -> str:
    worst = plant.alarm
    if worst is None:
        return NOTHING if plant.active_alarms is None else "0"
    lasts = lasting(worst.raised_timestamp_seconds, now)
    number = "" if plant.active_alarms is None else f"{plant.active_alarms:,}: "
    tone = _SEVERITY_TONE.get(worst.severity, "dim")
    return element("span", f"{number}{worst.severity} ", foreign(worst.alarm), lasts and f", for {lasts}", class_=tone)


def _pages(query: PlantQuery, found: int) -> list[Markup]:
    last = ceil(found / PLANTS_OF_A_PAGE)
    if last < 2:  # noqa: PLR2004 - one page has no neighbours
        return []
    here = min(query.page, last)
    links = [element("span", f"page {here} of {last}")]
    if here > 1:
        links.insert(0, element("a", "previous", href=query.address(page=here - 1), rel="prev"))
    if here < last:
        links.append(element("a", "next", href=query.address(page=here + 1), rel="next"))
    return [element("p", *_between(links, " · "))]
