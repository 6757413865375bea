"""Collectors that ask for plants, 100 a call."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter


class PlantBatchCollector(BatchCollector):
    """One kind of batches: the selected plants."""

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self._plants = Batches()

    @override
    def kinds(self) -> Sequence[Batches]:
        return (self._plants,)

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    @override
    def fetched_at(self) -> Mapping[str, float]:
        return self.answers.plants_fetched_at(self.name)

    @override
    def resume(self, now: float) -> None:
        self._plants.resume(self.inventory.plants, self.asked_at(), self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        self._plants.sync(self.inventory.plants, now)
