"""Every id that the far side serves has one constant value: worlds in which only it counts who is served at all."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from typing_extensions import override

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.interfaces import Interface

_ITEMS: Mapping[StrEnum, Callable[[str], dict[str, object]]] = {
    Interface.PLANT_REAL_TIME: lambda key: {"stationCode": key, "dataItemMap": {"day_power": "1.0"}},
    Interface.DEVICE_REAL_TIME: lambda key: {"devId": int(key), "dataItemMap": {"run_state": 1}},
}


class ConstantValues(Faults):
    """Takes the place of the faults of a system with constant bodies, and orders faults as well."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: tuple[str, ...] = ()

    @override
    def refused_ids(self, interface: StrEnum, ids: Iterable[str]) -> int | None:
        self._asked = tuple(ids)
        return super().refused_ids(interface, self._asked)

    @override
    def change_data(self, interface: StrEnum, reply: Reply) -> None:
        item = _ITEMS.get(interface)
        if item is not None:
            reply.data = [item(key) for key in self._asked]
        super().change_data(interface, reply)
