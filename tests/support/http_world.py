"""The exporter over real HTTP against the simulated system: one clock moves both sides, hours take milliseconds.

Whatever a test does, leaving the world checks what holds always: no limit of the far side was broken, one request at a
time, the least gap kept, no traceback, and no secret in a log, a page or a metric.
"""

import io
import json
import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fusionsolar_exporter import logs
from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import PATH_PREFIX, Holdings, Interface
from fusionsolar_exporter.simulator.limit_shapes import DOCUMENTED, LimitShape, LimitShapes
from fusionsolar_exporter.simulator.log import LoggedRequest
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.simulator.quotas import Quotas
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.status.builder import build_report
from fusionsolar_exporter.web.status.document import render_json
from fusionsolar_exporter.web.status.page import render_page
from fusionsolar_exporter.web.status.query import PlantQuery
from support.manual_clock import ManualClock
from support.scrape import Scrape

USER, PASSWORD = "northbound", "k7Qz wv9R-tx4M jh2P"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MARGIN = 3.0

Rewrite = Callable[[dict[str, Any]], None]
_LONGEST_NAP = 60.0  # the account's own thread looks around so often
_TOLERANCE = 1e-3


class WatchedQuotas(Quotas):
    """Notes every call above a limit, also where an ordered fault answers it."""

    def __init__(self, shapes: LimitShapes) -> None:
        super().__init__(shapes=shapes)
        self.broken: list[tuple[Interface, float]] = []

    def admit(
        self, user: str, interface: Interface, at: float, holdings: Holdings, more: Sequence[LimitShape] = ()
    ) -> LimitShape | None:
        refusing = super().admit(user, interface, at, holdings, more)
        if refusing is not None:
            self.broken.append((interface, at))
        return refusing


class FarSide(SimulatedSystem):
    """The simulated system, ``leg`` seconds away in each direction, whose envelopes a test may rewrite."""

    def __init__(self, fleet: SimulatedFleet, clock: ManualClock, **options: Any) -> None:
        super().__init__(fleet, now=clock.now, users={USER: PASSWORD}, **options)
        self.quotas = WatchedQuotas(options.get("shapes", DOCUMENTED))
        self._quotas = self.quotas
        self.leg = 0.05
        self.rewrites: dict[Interface, Rewrite] = {}
        self.tokens: set[str] = set()
        self.handled: list[tuple[str, str]] = []
        """Method and path of every request, whatever it was."""
        self.idle = threading.Event()
        self._clock = clock

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        self.idle.clear()
        self.handled.append((method, path))
        try:
            self._clock.advance(self.leg)
            answer = super().handle(method, path, headers, body)
            self._clock.advance(self.leg)
        finally:
            self.idle.set()
        self.tokens.update(value for name, value in answer.headers.items() if name == "xsrf-token")
        rewrite = self.rewrites.get(Interface(path.removeprefix(PATH_PREFIX)))
        if rewrite is None:
            return answer
        envelope = json.loads(answer.body)
        rewrite(envelope)
        return replace(answer, body=json.dumps(envelope).encode())


class HttpWorld:
    """One account named ``default``; a context manager. ``account`` and ``sections`` are keys of the configuration."""

    def __init__(
        self,
        plan: FleetPlan | None = None,
        *,
        rules: Rules | None = None,
        forbidden: frozenset[Interface] | None = None,
        account: Mapping[str, Any] | None = None,
        start: float = START,
        **sections: Any,
    ) -> None:
        self.clock = ManualClock(start)
        self.started_at = self.clock.now()
        self.system = FarSide(SimulatedFleet(plan or FleetPlan()), self.clock, rules=rules, forbidden=forbidden)
        self.server = SimulatorServer(self.system)
        # looks more often whether it is to stop: hundreds of worlds end
        self.server._thread = threading.Thread(target=self.server._server.serve_forever, args=(0.002,))
        self.account_keys = dict(account or {})
        self.sections = {"state": {"url": "memory:"}, **sections}
        self.most_in_flight = 1
        self.mistakes_of_ours = 0
        """How many a test has made the exporter make."""
        self._log = io.StringIO()
        self._root = logging.getLogger()
        self._handlers, self._level = list(self._root.handlers), self._root.level
        logs.configure("debug", "json", self._log)
        self.exporter = build_exporter(self.config(), self.config, clock=self.clock, log=EventLogger())
        self.run_by_hand()

    def config(self) -> Config:
        """The configuration as the world has it now; a reload reads it again."""
        account = {"name": "default", "url": self.server.url, "username": USER, **self.account_keys}
        if "password_file" not in account:
            account.setdefault("password", PASSWORD)
        return validate({"accounts": [account], **self.sections}, Path.cwd())

    def run_by_hand(self) -> None:
        """The test takes the place of the accounts' threads."""
        for account in self.exporter._accounts.all():
            account._thread = threading.current_thread()

    @property
    def account(self) -> Account:
        (account,) = self.exporter._accounts.all()
        return account

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.now() - self.started_at

    def run(self, seconds: float) -> None:
        """Let so much time pass from now."""
        self.run_until(self.now + seconds)

    def run_until(self, moment: float) -> None:
        """Let time pass until so many seconds after the start."""
        until = self.started_at + moment
        while self.clock.now() < until:
            self._rest(min(self.account.step(), until))

    def run_to_request(self, interface: Interface, *, within: float = DAY) -> None:
        """Let time pass until the next request of an interface has been answered."""
        count = self.system.log.counts[interface]
        until = self.clock.now() + within
        while self.system.log.counts[interface] == count:
            assert self.clock.now() < until, f"no request of {interface} within {within:g} s"
            at = self.account.step()
            if self.system.log.counts[interface] == count:
                self._rest(min(at, until))

    def _rest(self, until: float) -> None:
        """What the account's thread would do: nap, and look around a minute later; of long rests only the last naps."""
        now = self.clock.now()
        self.clock.advance_to(until if until - now <= _LONGEST_NAP else max(until - _LONGEST_NAP, now + _LONGEST_NAP))

    def sleep(self, seconds: float) -> None:
        """Time passes, but the exporter does not run: as a machine asleep."""
        self.clock.advance(seconds)

    def scrape(self, *names: str) -> Scrape:
        """``/metrics`` now; ``names`` select samples, for large fleets."""
        return Scrape(self.exposition(frozenset(names) or None))

    def exposition(self, names: frozenset[str] | None = None) -> str:
        """``/metrics`` now, unread."""
        self.exporter.refresh_exposition()
        body = self.exporter.exposition(openmetrics=False, gzipped=False, accounts=None, names=names)
        return b"".join(body.parts).decode()

    def order(self, kind: FaultKind, interface: Interface | None = None, **how: Any) -> Fault:
        """Order a fault at the far side."""
        return self.system.faults.order(Fault(kind, interface, **how))

    def requests(self, interface: Interface) -> list[LoggedRequest]:
        """What has arrived of an interface."""
        return list(self.system.log.of(interface))

    def arrivals(self, interface: Interface) -> list[float]:
        """When it has arrived, in seconds since the start."""
        return [request.at - self.started_at for request in self.requests(interface)]

    def gaps(self, interface: Interface) -> list[float]:
        """Seconds between arrivals."""
        return differences(self.arrivals(interface))

    def reload(self, account: Mapping[str, Any] | None = None, **sections: Any) -> None:
        """Change keys of the configuration and reload it, which has to work."""
        self.account_keys |= account or {}
        self.sections |= sections
        assert self.exporter.reload().problems == ()
        self.run_by_hand()

    def log_lines(self, msg: str | None = None) -> list[dict[str, Any]]:
        """What was logged, or the lines of one message."""
        lines = [json.loads(line) for line in self._log.getvalue().splitlines()]
        return [line for line in lines if msg in (None, line["msg"])]

    def pages(self) -> str:
        """Everything that a person or a program can read of the exporter."""
        views, overview = self.exporter.views(), self.exporter.overview
        told = build_report(views, overview.plants, clock=self.clock, ready=self.exporter.ready())
        charts = overview.charts(views)
        return "\n".join(
            (
                self.exposition(),
                render_json(told).decode(),
                render_page(told, PlantQuery(), charts, telemetry_path="/metrics").decode(),
                self._log.getvalue(),
            )
        )

    def assert_sound(self) -> None:
        """What holds whatever the far side does."""
        assert self.system.quotas.broken == []
        assert self.system.log.max_in_flight <= self.most_in_flight
        least = min(account.rate_limits.min_gap for account in self.config().accounts)
        starts = sorted(request.at for request in self.system.log.requests)
        assert min(differences(starts), default=math.inf) >= least - _TOLERANCE
        far_side = [line for line in self.log_lines() if line["msg"] != "no credentials"]  # that is a file of our own
        tracebacks = [line for line in far_side if "traceback" in str(line).lower()]
        assert len(tracebacks) == self.mistakes_of_ours
        pages = self.pages()
        assert PASSWORD not in pages
        assert not any(token in pages for token in self.system.tokens)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.assert_sound()
        finally:
            for account in self.exporter._accounts.all():
                account._engine.close()
            self.server.stop()
            logging.captureWarnings(capture=False)
            for handler in set(self._root.handlers) - set(self._handlers):
                self._root.removeHandler(handler)
            self._root.setLevel(self._level)
            logging.getLogger(logs.LOGGER_NAME).setLevel(logging.NOTSET)


def differences(moments: Iterable[float]) -> list[float]:
    """Each moment less the one before."""
    return [later - earlier for earlier, later in pairwise(moments)]


def only(*names: str, **settings: Mapping[str, Any]) -> dict[str, Any]:
    """The section ``collectors`` with these alone, beside the plant list; ``settings`` by name."""
    return {name: {"enabled": name in {"plant_list", *names}, **settings.get(name, {})} for name in CollectorName}
