"""A backfill in process: the command, the simulated system, and a clock that jumps where it would wait."""

import argparse
import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.manual_clock import ManualClock
from support.observed import Observed
from support.redis_server import TimedLink
from support.world import PASSWORD, USER, InProcess, ListLog
from typing_extensions import override

from fusionsolar_exporter.backfill import command
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.state.redis.state import RedisState

NOON = 1750000000.0 - 1750000000.0 % 86400 + 86400 + 12 * 3600
"""16 June 2025."""
DAY = 86400.0
LONDON = Place(51.5, 0.0, 0)
HOME = {38: 1, 39: 1, 47: 1}
SMALL = FleetPlan(plants=1, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)
JUNE = ("--from", "2025-06-10", "--to", "2025-06-12")
LABELS = ("--label", "job=fusionsolar", "--label", "instance=roof:10035")
_LEASE = 15.0  # seconds


class RenewingClock(ManualClock):
    """Renews the lease while a process waits, as a thread does it where time is real."""

    state: RedisState | None = None

    @override
    def wait(self, event: threading.Event, seconds: float) -> None:
        until = self.now() + seconds
        while self.state is not None and until - self.now() > _LEASE / 3:
            self.advance(_LEASE / 3)
            self.state.renew()
        super().wait(event, until - self.now())


@dataclass
class Backfilled:
    """What a run left behind."""

    status: int
    told: str
    folder: Path

    @property
    def files(self) -> dict[str, str]:
        """Texts by name."""
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.om"))}

    def samples(self) -> dict[str, dict[float, float]]:
        """Values by series and time."""
        found: dict[str, dict[float, float]] = {}
        for text in self.files.values():
            for line in text.splitlines():
                if not line.startswith("#"):
                    series, value, at = line.rsplit(" ", 2)
                    points = found.setdefault(series, {})
                    assert float(at) not in points, line
                    points[float(at)] = float(value)
        return found


@dataclass
class PastWorld:
    """A far side and a clock; each :meth:`run` is one call of the command."""

    plan: FleetPlan = field(
        default_factory=lambda: FleetPlan(plants=2, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)
    )
    rules: Rules = field(default_factory=Rules)
    options: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the account's configuration."""
    now: float = NOON
    redis: str = ""
    """The URL of a real one that has the state, in the test's time; else the configuration says where it is."""

    def __post_init__(self) -> None:
        self.clock: ManualClock = RenewingClock(self.now)
        self.fleet = SimulatedFleet(self.plan)
        self.system = SimulatedSystem(
            self.fleet, now=self.clock.now, users={USER: PASSWORD}, rules=self.rules, log_size=None, **self.options
        )

    def config(self) -> Config:
        account = {"name": "home", "url": "http://far.example", "username": USER, "password": PASSWORD, **self.account}
        return validate({"accounts": [account], "state": {"url": self.redis or "memory:"}, **self.sections}, Path.cwd())

    def run(self, folder: Path, *flags: str, stop: Callable[[int], bool] = lambda _: False) -> Backfilled:
        """One call of the command; ``stop`` is asked before each request whether the run is interrupted there."""
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        args = parser.parse_args([*flags, "--output", str(folder)])
        event, output, asked = threading.Event(), io.StringIO(), [0]

        class Transport(InProcess):
            def post(self, path: str, payload: Mapping[str, Any], auth: Any) -> Any:
                answer = super().post(path, payload, auth)
                asked[0] += 1
                if stop(asked[0]):
                    event.set()
                return answer

        status = command.run(
            args,
            self.config(),
            EventLogger(),
            clock=self.clock,
            output=output,
            transport=lambda _: Transport(self.system, self.clock),
            state=self._redis_state() if self.redis else None,
            stop=event,
        )
        return Backfilled(status, output.getvalue(), folder)

    def _redis_state(self) -> RedisState:
        """That of a process of its own."""
        assert isinstance(self.clock, RenewingClock)
        link = TimedLink(self.redis, _LEASE, self.clock, ListLog(), Observed())
        self.clock.state = RedisState(link, _LEASE, self.clock, lambda: 0.0)
        return self.clock.state

    def truth(self, interface: str, **asked: Any) -> list[dict[str, Any]]:
        """What the far side says without limits, now."""
        system = SimulatedSystem(self.fleet, now=self.clock.now, users={"me": "x"}, rules=self.rules, limits=False)
        login = system.handle("POST", "/thirdData/login", {}, b'{"userName":"me","systemCode":"x"}')
        answer = system.handle(
            "POST", f"/thirdData/{interface}", {"XSRF-TOKEN": login.headers["xsrf-token"]}, json.dumps(asked).encode()
        )
        rows: list[dict[str, Any]] = json.loads(answer.body)["data"]
        return rows

    def refused(self) -> dict[tuple[Interface, int], int]:
        """Answers with a failCode other than 0."""
        return dict(self.system.log.refusals)


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def named(told: Backfilled, name: str, **labels: str) -> dict[float, float]:
    """The points of the one series of a name that has these labels."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    found = [
        points
        for series, points in told.samples().items()
        if series.startswith(f"{name}{{") and all(pair in series for pair in wanted)
    ]
    assert len(found) == 1, (name, labels, len(found))
    return found[0]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, with all of its fields."""
    return str([record.__dict__ for record in caplog.records])
