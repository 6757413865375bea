"""A client of the simulated system in process, for the tests beside this one, and one walk through all interfaces."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem

USER, PASSWORD = "ada", "correct horse"
ALL_TIME = {"beginTime": 0, "endTime": int((START + 10 * 365 * 86400) * 1000), "language": "en_US"}


@dataclass
class World:
    """A system, its clock, and one user of it."""

    plan: FleetPlan = field(default_factory=FleetPlan)
    rules: Rules = field(default_factory=Rules)
    limits: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    now: float = START
    token: str = ""

    def __post_init__(self) -> None:
        self.fleet = SimulatedFleet(self.plan)
        self.system = SimulatedSystem(
            self.fleet,
            now=lambda: self.now,
            users={USER: PASSWORD},
            rules=self.rules,
            limits=self.limits,
            **self.options,
        )

    def send(self, interface: str, parameters: object) -> SimulatedAnswer:
        body = parameters if isinstance(parameters, bytes) else json.dumps(parameters).encode()
        return self.system.handle("POST", f"/thirdData/{interface}", {"XSRF-TOKEN": self.token}, body)

    def ask(self, interface: str, **parameters: object) -> dict[str, Any]:
        answer = self.send(interface, parameters)
        parsed: dict[str, Any] = json.loads(answer.body)
        assert answer.fail_code == parsed["failCode"]
        assert parsed["success"] == (parsed["failCode"] == 0)
        return parsed

    def code(self, interface: str, **parameters: object) -> int:
        return int(self.ask(interface, **parameters)["failCode"])

    def data(self, interface: str, **parameters: object) -> Any:
        parsed = self.ask(interface, **parameters)
        if parsed["failCode"] == 305:  # the clock may have moved past the token's life
            parsed = self.logged_in().ask(interface, **parameters)
        assert parsed["failCode"] == 0, parsed
        return parsed["data"]

    def login(self, password: str = PASSWORD) -> int:
        answer = self.send("login", {"userName": USER, "systemCode": password})
        if answer.fail_code == 0:
            self.token = answer.headers["xsrf-token"]
        assert answer.fail_code is not None
        return answer.fail_code

    def logged_in(self) -> "World":
        assert self.login() == 0
        return self

    def codes(self) -> str:
        return ",".join(self.fleet.plants)

    def ids(self, type_id: int) -> str:
        return ",".join(device.id for device in self.fleet.devices.values() if device.type_id == type_id)

    def plant_values(self) -> dict[str, dict[str, Any]]:
        items = self.data("getStationRealKpi", stationCodes=self.codes())
        return {item["stationCode"]: item["dataItemMap"] for item in items}

    def device_values(self, type_id: int) -> dict[str, dict[str, Any]]:
        items = self.data("getDevRealKpi", devIds=self.ids(type_id), devTypeId=type_id)
        return {str(item["devId"]): item["dataItemMap"] for item in items}

    def alarms(self, **parameters: object) -> list[dict[str, Any]]:
        asked = {"stationCodes": self.codes(), **ALL_TIME, **parameters}
        alarms: list[dict[str, Any]] = self.data("getAlarmList", **asked)
        return alarms


def test_a_client_walks_through_all_interfaces_within_every_limit() -> None:
    world = World(FleetPlan(plants=3), limits=True).logged_in()
    plants = world.data("stations", pageNo=1)
    assert [plant["plantCode"] for plant in plants["list"]] == list(world.fleet.plants)
    assert len(world.data("getStationList")) == 3
    devices = world.data("getDevList", stationCodes=world.codes())
    assert [str(device["id"]) for device in devices] == list(world.fleet.devices)
    assert set(world.plant_values()) == set(world.fleet.plants)
    for type_id in (1, 38, 39, 47):
        assert world.device_values(type_id).keys() == set(world.ids(type_id).split(","))
    assert isinstance(world.alarms(), list)
    assert world.code("logout", xsrfToken=world.token) == 0
    assert world.code("getDevList", stationCodes=world.codes()) == 305
    assert world.system.log.counts[Interface.DEVICE_REAL_TIME] == 4
    assert world.system.log.refusals == {(Interface.DEVICES, 305): 1}
