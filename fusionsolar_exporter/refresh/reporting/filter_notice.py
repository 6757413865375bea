"""A filter that takes no plant says so: in the log, and on the page."""

from dataclasses import dataclass

from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.status import FailureNote

_NAMES = 5


@dataclass(slots=True)
class FilterNotice:
    """Looked at whenever lists or settings are new."""

    context: AccountContext
    inventory: Inventory
    note: FailureNote | None = None
    """What is wrong with the filter; None where it takes a plant, or nobody knows yet."""

    def look(self) -> None:
        """See whether anything is left; the log says it once."""
        listed, told = self.inventory.listed, self.note
        if self.inventory.plants or not listed or self.inventory.plants_listed_at is None:
            self.note = None
            return
        names = ", ".join(repr(plant.name) for _, plant in zip(range(_NAMES), listed.values(), strict=False))
        message = f"the filter takes none of {len(listed)} listed plants, such as {names}"
        if told is not None and told.message == message:
            return
        advice = "correct plants.include and plants.exclude: expressions match a whole name, or a whole code"
        self.note = FailureNote(self.context.clock.now(), "plants", "filter", None, message, advice)
        self.context.log.warning("no plant is taken", account=self.context.settings.name, error=message, advice=advice)
