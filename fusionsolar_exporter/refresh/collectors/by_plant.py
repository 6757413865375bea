"""Collectors that ask for plants, 100 a call."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from typing_extensions import override

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

    @override
    def kinds(self) -> Sequence[Batches]:
        return (self._plants,)

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    @override
    def planned_interface(self) -> Interface:
        return self.interface

    @override
    def resume(self, now: float) -> None:
        asked_at = self.desk.asked_at(self.name, self.desk.cache.snapshot().plant_fetched_at[self.name])
        self._plants.resume(self.desk.roster.plants, asked_at, self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        self._plants.sync(self.desk.roster.plants, now)
