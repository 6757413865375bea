"""Collectors that ask for plants, 100 a call."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector
from fusionsolar_exporter.refresh.context import AccountContext


class PlantBatchCollector(BatchCollector):
    """One kind of batches: the selected plants."""

    interface: ClassVar[Interface]

    def __init__(self, desk: AccountContext) -> None:
        super().__init__(desk)
        self._plants = Batches()

    def kinds(self) -> Sequence[Batches]:
        """See :meth:`BatchCollector.kinds`."""
        return (self._plants,)

    def plants_of(self, ids: Iterable[str]) -> list[str]:
        """See :meth:`BatchCollector.plants_of`."""
        return list(ids)

    def planned_interface(self) -> Interface:
        """See :meth:`Collector.planned_interface`."""
        return self.interface

    def resume(self, now: float) -> None:
        """See :meth:`Collector.resume`."""
        asked_at = self.desk.asked_at(self.name, self.desk.cache.snapshot().plant_fetched_at[self.name])
        self._plants.resume(self.desk.roster.plants, asked_at, self.kept_left_out, now)

    def lists_changed(self, now: float) -> None:
        """See :meth:`Collector.lists_changed`."""
        self._plants.sync(self.desk.roster.plants, now)
