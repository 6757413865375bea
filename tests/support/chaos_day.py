"""What happens on a day of chaos: bursts of trouble, each followed by a calm in which everything has to come back."""

import random
from collections.abc import Callable, Mapping, Sequence

from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_shapes import DOCUMENTED
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import CollectorName
from support.chaos_world import DAY, HOUR, LIVE, MINUTE, SLOWEST_BACK_OFF, TIMEOUT, ChaosWorld
from support.http_world import PASSWORD, USER

NOTHING_KEPT = 0.05
"""Share of the bursts in which the disk is full, or Redis away."""
REBOOTS = 0.2
"""Share of the ends that are the machine's."""
PATIENCE = 3
"""Intervals after which nothing is dark any more."""
LOGIN_PAUSE, RATE_PAUSE, LONGEST_WINDOW = 31 * MINUTE, 2 * HOUR, HOUR
"""What the exporter waits after a refused login, and at most after two refusals for calls that came too often."""

ASKED = (
    Interface.LOGIN,
    Interface.STATIONS,
    Interface.DEVICES,
    Interface.PLANT_REAL_TIME,
    Interface.DEVICE_REAL_TIME,
    Interface.ALARMS,
    None,
)
OF_IDS = (Interface.DEVICES, Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME, Interface.ALARMS)
ID_CODES = (20006, 20007, 20008, 20013, 20045, 20046, 20056)
TOO_OFTEN = (407, 20618)
BY_GATEWAY = (403, 429)
"""HTTP statuses that say the same."""
LOGIN_CODES = (20001, 20002, 20003, 20400, 20402, 20403, 30029)
# no 305 to 307 here: of a session that has ended the far side counts no call, of one that is ordered it does
CODES = (401, 403, 429, 20004, 20009, 20026, 20200, 20614, 30008, 30030, 99999, *TOO_OFTEN, *ID_CODES)
SPOILT = (
    FaultKind.GATEWAY,
    FaultKind.REDIRECT,
    FaultKind.HTML,
    FaultKind.INVALID_JSON,
    FaultKind.EMPTY_BODY,
    FaultKind.DATA_NULL,
    FaultKind.DATA_EMPTY,
    FaultKind.CUT,
    FaultKind.RESET,
    FaultKind.DROP_SESSION,
)
TYPES = (1, 10, 17, 38, 39, 47, 62, 23070, 23071)
LIMITS = (
    "getStationRealKpi window=7m",
    "getDevRealKpi every=10m",
    "getAlarmList window=45m",
    "getStationRealKpi+getDevRealKpi window=5m calls=1",
    "stations calls=10",
)
"""Stricter than documented."""
CONFIGURATIONS: Sequence[Mapping[str, object]] = (
    {"plants": {"exclude": [".*5"]}},
    {"device_types": [1, 38]},
    {"rate_limits": {"margin": "10s"}},
    {"rate_limits": {"session_lifetime": "20m"}},
    {"plant_list": "getStationList"},
)


class ChaosDay:
    """Tells a day in a world: everything is drawn from the world's chance."""

    def __init__(self, world: ChaosWorld) -> None:
        self.world = world
        self.chance = world.chance
        self.bursts: list[str] = []
        """What happened, for whoever reads of a failure."""
        self.darkened: list[str] = []
        """Ids that stayed dark."""
        self._pause = 0.0
        self._forgiven = True
        self._searches = 0
        """How many ids are refused: which ones they are, is found out by halves."""
        self._undo: list[Callable[[], None]] = []

    def live(self, seconds: float) -> None:
        """From a start in calm to the end of the calm after the last burst that begins within so many seconds."""
        self.world.run(10 * MINUTE)
        while self.world.now < seconds:
            self._burst()
            self._calm()

    def _burst(self) -> None:
        self._pause, self._forgiven, self._searches = SLOWEST_BACK_OFF, True, 0
        kinds: Sequence[Callable[[], str]] = (
            *(self._spoil, self._refuse, self._refuse_ids, self._status, self._slow, self._silence, self._sleep),
            *(self._steal, self._forbid, self._limit, self._shrink, self._grow, self._rename),
            *(self._kill, self._restart, self._reload, self._jump),
        )
        seconds = self.chance.choice((20.0, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE))
        happening = self.chance.sample(kinds, self.chance.randint(1, 3))
        if self.chance.random() < NOTHING_KEPT:
            # alone: a process that ends while nothing can be kept loses what it knew
            happening = [self._fill_disk if self.world.redis is None else self._lose_redis]
        for happen in happening:
            told = happen()
            self.bursts.append(f"{self.world.now / HOUR:.2f} h, {seconds:.0f} s: {told}")
        self.world.run(seconds)
        for undo in self._undo:
            undo()
        self._undo.clear()
        self.world.system.faults.clear()
        if not self._forgiven:
            self.chance.choice((self.world.reload, self.world.restart))()

    def _calm(self) -> None:
        over = self.world.now + self._pause
        for name in sorted(LIVE, key=self.world.interval):
            patience = PATIENCE + self._searches * self.world.turns_of_a_search()
            moment = over + patience * self.world.interval(name)
            self.world.run(max(moment - self.world.now, 1.0))
            searched = self.world.now + self.world.search_time(name)
            while self.world.dark(name) and self.world.now < max(searched, self._settled(name)):
                self.world.run(self.world.interval(name))
            dark = self.world.dark(name)
            if dark:
                self.darkened.append(f"{self.world.now / HOUR:.2f} h: {name} {sorted(dark)}, after {self.bursts[-3:]}")

        self.world.look_at_pages()

    def _settled(self, name: CollectorName) -> float:
        """When all that there is has been asked for, since the lists name nothing any more that there is not.

        Who learns from a refusal that the fleet is smaller pauses for a window, as after any other.
        """
        known = max(self.world.misled_at, self.world.explained_at + LONGEST_WINDOW)
        return known + PATIENCE * self.world.interval(name)

    def _order(self, kind: FaultKind, interface: Interface | None, **how: object) -> str:
        times = self.chance.choice((1, 2, 5, None))
        fault = Fault(kind, interface, times=times, **how)  # type: ignore[arg-type]
        self.world.system.faults.order(fault)
        shown = ", ".join(f"{name} {value}" for name, value in how.items())
        return f"{kind.name} {interface or 'any'} {times or 'on and on'} {shown}"

    def _spoil(self) -> str:
        kind, interface = self.chance.choice(SPOILT), self.chance.choice(ASKED)
        if kind is FaultKind.GATEWAY:
            self._pause = RATE_PAUSE
        if interface in (Interface.LOGIN, None):  # an empty answer to a login is met as a refused one
            self._pause = max(self._pause, LOGIN_PAUSE)
        return self._order(kind, interface)

    def _refuse(self) -> str:
        interface = self.chance.choice(ASKED)
        codes = LOGIN_CODES if interface is Interface.LOGIN and self.chance.random() < 0.5 else CODES
        code = self.chance.choice(codes)
        if interface in (Interface.LOGIN, None):
            self._pause = max(self._pause, LOGIN_PAUSE)
        if code in TOO_OFTEN:
            self._pause = RATE_PAUSE
        self._searches += code in ID_CODES and interface in (*OF_IDS, None)
        self._forgiven = False
        return self._order(FaultKind.FAIL_CODE, interface, fail_code=code)

    def _refuse_ids(self) -> str:
        interface = self.chance.choice(OF_IDS)
        fleet = self.world.system.fleet
        known = list(fleet.devices if interface is Interface.DEVICE_REAL_TIME else fleet.plants)
        ids = frozenset(self.chance.sample(known, min(len(known), self.chance.randint(1, 3))))
        self._searches += len(ids)
        self._forgiven = False
        return self._order(FaultKind.REFUSE_IDS, interface, ids=ids, fail_code=self.chance.choice((*ID_CODES, 401)))

    def _status(self) -> str:
        # no 401, as no 305
        status = self.chance.choice((403, 404, 429, 500, 502, 503))
        self._pause = RATE_PAUSE if status in BY_GATEWAY else max(self._pause, LOGIN_PAUSE)
        return self._order(FaultKind.STATUS, self.chance.choice(ASKED), status=status)

    def _slow(self) -> str:
        seconds = self.chance.choice((3.0, 9.0, TIMEOUT))
        self.world.system.slow = seconds
        self._undo.append(lambda: setattr(self.world.system, "slow", 0.0))
        return f"answers take {seconds} s"

    def _silence(self) -> str:
        self.world.system.deaf = True
        self._undo.append(lambda: setattr(self.world.system, "deaf", False))
        return "nobody listens"

    def _steal(self) -> str:
        system = self.world.system
        system.tokens.add(system.sessions.login(USER, PASSWORD, self.world.clock.now()))
        return "another program logs in"

    def _forbid(self) -> str:
        interface = self.chance.choice(OF_IDS)
        self.world.system.forbidden = frozenset({interface})
        self._undo.append(lambda: setattr(self.world.system, "forbidden", frozenset()))
        self._forgiven = False
        return f"{interface} is permitted no more"

    def _limit(self) -> str:
        text = self.chance.choice(LIMITS)
        self.world.system.change_limits(limits_of(text))
        self._undo.append(lambda: self.world.system.change_limits(DOCUMENTED))
        self._pause = RATE_PAUSE
        self._forgiven = False
        return f"limits are stricter: {text}"

    def _fill_disk(self) -> str:
        self.world.fill_disk(full=True)
        self._undo.append(lambda: self.world.fill_disk(full=False))
        return "the disk is full"

    def _lose_redis(self) -> str:
        redis, saves = self.world.redis, self.chance.random() < 0.5
        assert redis is not None
        redis.stop(save=saves)
        if not saves:
            (redis.directory / "dump.rdb").unlink(missing_ok=True)
        self._undo.append(redis.start)
        return f"Redis is away, {'with' if saves else 'without'} its data"

    def _jump(self) -> str:
        seconds = self.chance.choice((-1, 1)) * self.chance.uniform(1, 2 * DAY)
        self.world.clock.wall_step = seconds
        self._undo.append(lambda: setattr(self.world.clock, "wall_step", 0.0))
        return f"the clock on the wall is {seconds:.0f} s off"

    def _rename(self) -> str:
        fleet = self.world.system.fleet
        code, key = self.chance.choice(list(fleet.plants)), self.chance.choice(list(fleet.devices))
        fleet.rename_plant(code, f"plant of {self.world.now:.0f}")
        fleet.rename_device(key, f"device of {self.world.now:.0f}")
        return f"{code} and {key} are called otherwise"

    def _shrink(self) -> str:
        fleet = self.world.system.fleet
        plants, devices = list(fleet.plants), list(fleet.devices)
        gone = plants[: self.chance.randint(0, len(plants) // 2)]
        for code in gone:
            fleet.remove_plant(code)
        lost = [key for key in self.chance.sample(devices, len(devices) // 4) if key in fleet.devices]
        for key in lost:
            fleet.remove_device(key)
        return f"plants {gone} and devices {lost} go"

    def _grow(self) -> str:
        fleet, world = self.world.system.fleet, self.world
        plant = fleet.add_plant(at=world.clock.now() - HOUR)
        devices = [fleet.add_device(plant.code, type_id, world.clock.now()) for type_id in self.chance.sample(TYPES, 2)]
        new = [plant.code, *(device.id for device in (*plant.devices, *devices))]
        world.added_at.update(dict.fromkeys(new, world.now))
        return f"{new} come"

    def _kill(self) -> str:
        if not self.world.clock.wall_step and self.chance.random() < REBOOTS:
            self.world.reboot()
            return "the machine lost its power"
        sending = self.chance.random() < 0.7
        self.world.kill(sending=sending)
        return f"killed{' while it sends' if sending else ''}"

    def _restart(self) -> str:
        self.world.restart()
        return "restarted"

    def _reload(self) -> str:
        account = dict(self.chance.choice(CONFIGURATIONS))
        self.world.reload(account)
        self._undo.append(self.world.reload)
        return f"reloaded with {account}"

    def _sleep(self) -> str:
        seconds = self.chance.uniform(MINUTE, 3 * HOUR)
        self.world.sleep(seconds)
        return f"the machine sleeps for {seconds:.0f} s"


def plan_of(chance: random.Random) -> FleetPlan:
    """A small fleet."""
    types = chance.sample(TYPES, chance.randint(2, 4))
    devices = {type_id: chance.randint(1, 3) for type_id in {*types, chance.choice((1, 38))}}
    return FleetPlan(plants=chance.randint(1, 6), devices=devices, alarm_share=0)
