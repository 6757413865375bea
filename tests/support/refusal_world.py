"""A far side that refuses ids by rules: singly or together, from one moment to another, while lists shrink and grow."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import override

from fusionsolar_exporter.config import AccountConfig, CollectorsConfig, RateLimits
from fusionsolar_exporter.config.collectors import AlarmsConfig, CollectorConfig
from fusionsolar_exporter.northbound.fail_codes import Concern, fail_code_row
from fusionsolar_exporter.northbound.interfaces import REAL_TIME_TYPES
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.device_types import UNDOCUMENTED_ANSWERING
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.sessions import TOKEN_SECONDS, Sessions
from support.constant_values import ConstantValues
from support.world import PASSWORD, USER, World

_SESSION = 30 * 86400.0  # logging in is no part of the story


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """Moments are in seconds since the world's start."""

    interface: Interface
    ids: frozenset[str]
    fail_code: int
    begins: float = 0.0
    ends: float = math.inf
    together: bool = False
    """Refused are only requests that name all of the ids; each is answered without the others."""

    def holds(self, at: float) -> bool:
        """Whether it holds at a moment."""
        return self.begins <= at < self.ends

    def refuses(self, asked: frozenset[str]) -> bool:
        """Whether it refuses a request for these ids."""
        return self.ids <= asked if self.together else not self.ids.isdisjoint(asked)


class RefusingRules(ConstantValues):
    """Refuses by rules."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.rules: Sequence[RefusalRule] = ()
        self._now = now

    @override
    def refused_ids(self, interface: StrEnum, ids: Iterable[str]) -> int | None:
        asked, now = tuple(ids), self._now()
        codes = (
            rule.fail_code
            for rule in self.rules
            if rule.interface is interface and rule.holds(now) and rule.refuses(frozenset(asked))
        )
        return next(codes, super().refused_ids(interface, asked))


class RefusalWorld(World):
    """Seconds are counted from its start."""

    def __init__(self, plan: FleetPlan, interval: float | None) -> None:
        self._interval = interval
        super().__init__(plan, rules=Rules(constant_bodies=True), log_size=0)
        self.system.sessions = Sessions({USER: PASSWORD}, _SESSION / TOKEN_SECONDS)
        self.refusing = RefusingRules(self.age)
        self.system.faults = self.refusing

    @override
    def account_config(self) -> AccountConfig:
        return super().account_config().model_copy(update={"rate_limits": RateLimits(session_lifetime=_SESSION)})

    @override
    def collectors_config(self) -> CollectorsConfig:
        slow, alarms = CollectorConfig(interval=self._interval), AlarmsConfig(interval=self._interval)
        return CollectorsConfig(plant_realtime=slow, device_realtime=slow, alarms=alarms)

    @override
    def run_until(self, moment: float) -> None:
        engine = self.account._engine  # nobody looks at the status, whose making takes a third of the time
        while self.clock.now() < moment:
            at, _ = engine.step()
            self.clock.advance_to(min(at, moment))

    def age(self) -> float:
        """Seconds since the start."""
        return self.clock.now() - self.started_at

    def reload(self) -> None:
        """The configuration is read again, and says the same."""
        self.reconfigure()
        self.account.step()

    def run_to(self, age: float) -> None:
        """Let time pass until so many seconds after the start."""
        self.run_until(self.started_at + age)

    def refused_now(self, interface: Interface) -> set[str]:
        """The ids that the far side refuses whatever else is asked with them."""
        now = self.age()
        return self._refused(interface, lambda rule: rule.holds(now))

    def refused_before(self, interface: Interface) -> set[str]:
        """The ids that it refused at some time until now."""
        now = self.age()
        return self._refused(interface, lambda rule: rule.begins <= now)

    def believed(self, interface: Interface) -> set[str]:
        """Ids that may be dark beside the refused ones, since what the far side says is wider than an id.

        A failCode that names no id is believed of a batch where no other one is answered, and a refused probe of its
        undocumented type, until that is asked again.
        """
        rules = [rule for rule in self.refusing.rules if rule.interface is interface]
        touched = {key for rule in rules for key in rule.ids}
        by_type = self._by_type()
        if interface is Interface.DEVICE_REAL_TIME:
            believed = {
                key
                for type_id, ids in by_type.items()
                if type_id in UNDOCUMENTED_ANSWERING and not ids.isdisjoint(touched) and not self._probed(type_id)
                for key in ids
            }
            if any(type_id in REAL_TIME_TYPES and touched.isdisjoint(ids) for type_id, ids in by_type.items()):
                return believed
        else:
            believed = set()
        if all(fail_code_row(rule.fail_code).concern is not Concern.REQUEST for rule in rules):
            return believed
        return self.system.fleet.plants.keys() | self.system.fleet.devices.keys()

    def _probed(self, type_id: int) -> bool:
        return self.account._engine.collectors.device_realtime._probes.answered(type_id)

    def _by_type(self) -> dict[int, set[str]]:
        by_type: dict[int, set[str]] = {}
        for device in self.system.fleet.devices.values():
            by_type.setdefault(device.type_id, set()).add(device.id)
        return by_type

    def _refused(self, interface: Interface, counts: Callable[[RefusalRule], bool]) -> set[str]:
        rules = (rule for rule in self.refusing.rules if rule.interface is interface and not rule.together)
        return {key for rule in rules if counts(rule) for key in rule.ids}

    def dark(self) -> Mapping[Interface, set[str]]:
        """Listed ids by the interface that has brought nothing of them that may be served now."""
        fleet, served = self.system.fleet, self.account.cache.snapshot()
        plants, unlisted = (
            set(fleet.plants),
            {
                plant.code
                for plant in fleet.plants.values()
                if any(key.id not in served.devices for key in plant.devices)
            },
        )
        answering = REAL_TIME_TYPES & self._by_type().keys()
        if answering:  # a quota of its own has no other type
            answering |= UNDOCUMENTED_ANSWERING
        known = {key for key, device in fleet.devices.items() if device.type_id in answering and key in served.devices}
        return {
            Interface.PLANT_REAL_TIME: plants - served.plant_readings.keys(),
            Interface.DEVICES: unlisted,
            Interface.DEVICE_REAL_TIME: known - served.device_readings.keys(),
            Interface.ALARMS: {
                code for code in plants if code not in served.alarms or not served.alarms[code].complete
            },
        }
