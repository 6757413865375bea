"""Every id that the far side serves has one constant value: worlds in which only it counts who is served at all."""

from collections.abc import Iterable
from enum import StrEnum

from typing_extensions import override

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.interfaces import Interface


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
        if interface is Interface.PLANT_REAL_TIME:
            reply.data = [{"stationCode": key, "dataItemMap": self.plant(key)} for key in self._asked]
        elif interface is Interface.DEVICE_REAL_TIME:
            reply.data = [{"devId": int(key), "dataItemMap": self.device(key)} for key in self._asked]
        super().change_data(interface, reply)

    def plant(self, code: str) -> dict[str, object]:
        """Real-time values of a plant."""
        del code
        return {"day_power": "1.0"}

    def device(self, key: str) -> dict[str, object]:
        """Real-time values of a device."""
        del key
        return {"run_state": 1}
