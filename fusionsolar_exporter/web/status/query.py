"""What the address of the status page asks for: plants to search, their order, and the page of a long list."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import parse_qs, urlencode

from fusionsolar_exporter.web.status.report import PlantReport

PLANTS_OF_A_PAGE = 100
_LONGEST_SEARCH = 200
_MOST_FIELDS = 50


class Order(StrEnum):
    """How the plants are sorted."""

    ATTENTION = "attention"
    NAME = "name"
    POWER = "power"
    SHARE = "share"
    YIELD = "yield"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class PlantQuery:
    """A wish that any address fits: what cannot be read is left at its default."""

    search: str = ""
    order: Order = Order.ATTENTION
    page: int = 1

    @classmethod
    def of(cls, query: str) -> "PlantQuery":
        """Read the part of an address behind its question mark."""
        try:
            given = {name: values[-1] for name, values in parse_qs(query, max_num_fields=_MOST_FIELDS).items()}
        except ValueError:
            return cls()
        order, page = given.get("sort", ""), given.get("page", "")
        return cls(
            search=given.get("q", "")[:_LONGEST_SEARCH].strip(),
            order=Order(order) if order in set(Order) else Order.ATTENTION,
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < len("1000000") else 1,
        )

    def address(self, *, order: Order | None = None, page: int = 1) -> str:
        """The relative address of the same search in another order, or on another page."""
        wish = replace(self, order=order or self.order, page=page)
        named = {
            "q": wish.search,
            "sort": "" if wish.order is Order.ATTENTION else wish.order.value,
            "page": "" if wish.page == 1 else f"{wish.page}",
        }
        return "?" + urlencode({name: value for name, value in named.items() if value})

    def take(self, plants: Sequence[PlantReport]) -> list[PlantReport]:
        """The plants that are searched for, all of them, in the order that is wished.

        What is not known comes last; equal plants are in the order of their names.
        """
        words = self.search.casefold()
        if words:
            plants = [each for each in plants if words in each.plant.casefold() or words in each.plant_code.casefold()]
        by_name = sorted(plants, key=lambda plant: (plant.plant.casefold(), plant.plant_code))
        return by_name if self.order is Order.NAME else sorted(by_name, key=_RANKS[self.order])

    def of_page(self, plants: Sequence[PlantReport]) -> Sequence[PlantReport]:
        """Those of the present page."""
        start = (self.page - 1) * PLANTS_OF_A_PAGE
        return plants[start : start + PLANTS_OF_A_PAGE]


def _falling(value: float | None) -> float:
    return math.inf if value is None else -value


def _share(plant: PlantReport) -> float | None:
    power, capacity = plant.power_watts, plant.capacity_watts
    return None if power is None or not capacity else power / capacity


_RANKS: Mapping[Order, Callable[[PlantReport], float]] = {
    Order.ATTENTION: lambda plant: -plant.attention,
    Order.POWER: lambda plant: _falling(plant.power_watts),
    Order.SHARE: lambda plant: _falling(_share(plant)),
    Order.YIELD: lambda plant: _falling(plant.day_yield_watthours),
    Order.AGE: lambda plant: plant.data_timestamp_seconds or 0.0,
}
