"""Servers differ in how they want the type of devices: as a number or as a text; and some types have nothing to say."""

from enum import StrEnum

import pytest
from support.http_world import HOUR, HttpWorld, only
from typing_extensions import override

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SILENT, OTHERS = 10, (1, 39)


class OneForm(Faults):
    """Answers empty where the type does not come as it is wanted, and always of one type."""

    def __init__(self, wanted: type) -> None:
        super().__init__()
        self.wanted = wanted

    @override
    def change_data(self, interface: StrEnum, reply: Reply) -> None:
        super().change_data(interface, reply)
        if interface is Interface.DEVICE_REAL_TIME:
            assert reply.params
            type_id = reply.params["devTypeId"]
            if not isinstance(type_id, self.wanted) or str(type_id) == str(SILENT):
                reply.data = []


@pytest.mark.parametrize("wanted", [int, str])
@pytest.mark.parametrize("types", [(SILENT, *OTHERS), (*OTHERS, SILENT), OTHERS])
def test_a_type_without_data_hides_no_other(wanted: type, types: tuple[int, ...]) -> None:
    plan = FleetPlan(plants=1, devices=dict.fromkeys(types, 1))
    with HttpWorld(plan, collectors=only("device_list", "device_realtime")) as world:
        world.system.faults = OneForm(wanted)
        world.run(HOUR)
        scrape = world.scrape()
        forms = [type(request.parameters["devTypeId"]) for request in world.requests(Interface.DEVICE_REAL_TIME)]
        served = world.account.cache.snapshot().device_readings

    assert {world.system.fleet.devices[key].type_id for key in served} == set(OTHERS)
    assert scrape.value("fusionsolar_collector_success", collector="device_realtime") == 1
    assert set(forms[-6:]) == {wanted}
    assert len([form for form in forms if form is not wanted]) <= len(types) + 1
