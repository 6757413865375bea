"""Collectors that ask for devices, 100 of one type a call."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter


class DeviceBatchCollector(BatchCollector):
    """A kind of batches for each type."""

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self.batches_of_type: Mapping[int, Batches] = {}

    @abstractmethod
    def types_to_ask(self, listed: Mapping[int, Sequence[str]], now: float) -> Collection[int]:
        """Those of the listed types that are asked for in batches."""

    @override
    def kinds(self) -> Iterable[Batches]:
        return self.batches_of_type.values()

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        devices = self.inventory.devices
        return list(dict.fromkeys(devices[key].plant_code for key in ids if key in devices))

    @override
    def resume(self, now: float) -> None:
        asked_at = self.asked_at()
        for type_id, ids in self._ids_by_type(now).items():
            self.batches_of_type[type_id].resume(ids, asked_at, self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        for type_id, ids in self._ids_by_type(now).items():
            self.batches_of_type[type_id].sync(ids, now)

    def _ids_by_type(self, now: float) -> Mapping[int, Sequence[str]]:
        """The devices to ask for, each type with its batches."""
        wanted = self.context.settings.account.device_types
        listed: dict[int, list[str]] = {}
        for device in self.inventory.devices.values():
            if wanted is None or device.type_id in wanted:
                listed.setdefault(device.type_id, []).append(device.id)
        asked = self.types_to_ask(listed, now)
        known = self.batches_of_type
        self.batches_of_type = {type_id: known.get(type_id, Batches(type_id)) for type_id in asked}
        return {type_id: listed[type_id] for type_id in asked}
