"""One account of the exporter against the simulated system, in process, with a clock that the test controls."""

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from fusionsolar_exporter.config import AccountConfig, CollectorsConfig
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.simulator.answers import Delivery
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface as FarInterface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem
from support.manual_clock import ManualClock

USER, PASSWORD = "northbound", "correct horse"


@dataclass
class InProcess:
    """A transport that calls the simulated system; ``seconds`` pass before and after its arrival."""

    system: SimulatedSystem
    clock: ManualClock
    seconds: float = 0.05
    failure: Callable[[str], NorthboundError | None] = lambda _path: None

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        return self._handled(path, f"/thirdData/{path}", dict(auth.headers), json.dumps(payload).encode())

    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._handled(interface, urlsplit(url).path, headers, urlencode(form).encode())

    def _handled(self, path: str, target: str, headers: dict[str, str], body: bytes) -> RawAnswer:
        self.clock.advance(self.seconds)
        failure = self.failure(path)
        if failure is not None:
            self.clock.advance(self.seconds)
            raise failure
        answer = self.system.handle("POST", target, headers, body)
        if answer.delivery is not Delivery.WHOLE:
            self.clock.advance(self.seconds)
            raise NorthboundError(Reason.CONNECTION, path, "the connection was closed before an answer came")
        self.clock.advance(self.seconds)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return RawAnswer(answer.status, answer.body, lowered.get("content-type", ""), lowered.get("xsrf-token", ""))

    def close(self) -> None:
        pass


@dataclass
class CountingInstruments:
    attempts: Counter[Interface] = field(default_factory=Counter)
    failures: Counter[tuple[Interface, Reason]] = field(default_factory=Counter)
    fail_codes: Counter[int] = field(default_factory=Counter)
    drops: Counter[Interface] = field(default_factory=Counter)

    def attempt(self, interface: Interface) -> None:
        self.attempts[interface] += 1

    def answered(self, interface: Interface, seconds: float) -> None:
        pass

    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        self.failures[interface, reason] += 1
        if fail_code is not None:
            self.fail_codes[fail_code] += 1

    def dropped(self, interface: Interface, count: int) -> None:
        self.drops[interface] += count


class QuietFailures:
    def failed(
        self, interface: Interface, reason: Reason, message: str, advice: str, about: str, *, asked: str = ""
    ) -> None:
        pass

    def recovered(self, interface: Interface, about: str, *, asked: str = "") -> None:
        pass


@dataclass
class ListLog:
    """Remembers what was logged."""

    lines: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def debug(self, msg: str, /, **fields: object) -> None:
        self.lines.append(("debug", msg, fields))

    def info(self, msg: str, /, **fields: object) -> None:
        self.lines.append(("info", msg, fields))

    def warning(self, msg: str, /, **fields: object) -> None:
        self.lines.append(("warning", msg, fields))

    def error(self, msg: str, /, **fields: object) -> None:
        self.lines.append(("error", msg, fields))

    def messages(self, level: str | None = None) -> list[str]:
        return [msg for known, msg, _ in self.lines if level in (None, known)]


class World:
    """The far side, the exporter's side, and the time between them."""

    def __init__(
        self,
        plan: FleetPlan | None = None,
        *,
        rules: Rules | None = None,
        log_size: int | None = None,
        forbidden: frozenset[FarInterface] | None = None,
        seconds: float = 0.05,
        limits: str = "",
    ) -> None:
        self.clock = ManualClock()
        self.system = SimulatedSystem(
            SimulatedFleet(plan or FleetPlan()),
            now=self.clock.now,
            users={USER: PASSWORD},
            rules=rules,
            log_size=log_size,
            forbidden=forbidden,
            shapes=limits_of(limits),
        )
        self.transport = InProcess(self.system, self.clock, seconds)
        self.instruments = CountingInstruments()
        self.log = ListLog()
        self.settings = AccountSettings(self.account_config(), self.collectors_config())
        self.account = Account(
            self.settings,
            Collaborators(
                clock=self.clock,
                transport=lambda _settings: self.transport,
                observer=lambda _settings: Observer(self.instruments, QuietFailures()),
                log=self.log,
            ),
        )
        self.started_at = self.clock.now()

    def account_config(self) -> AccountConfig:
        """The account as it is configured."""
        return AccountConfig(name="default", url="http://far.example", username=USER, password=PASSWORD)

    def collectors_config(self) -> CollectorsConfig:
        """The collectors as they are configured."""
        return CollectorsConfig()

    def run(self, seconds: float) -> None:
        """Let so much time pass from now."""
        self.run_until(self.clock.now() + seconds)

    def run_until(self, moment: float) -> None:
        while self.clock.now() < moment:
            at = self.account.step()
            if math.isinf(at):
                break
            self.clock.advance_to(min(at, moment))
        self.clock.advance_to(moment)

    def reconfigure(self, **account: Any) -> None:
        """Other settings; what is not given stays."""
        self.settings = replace(self.settings, account=self.settings.account.model_copy(update=account))
        self.account.reconfigure(self.settings)

    @property
    def refused(self) -> dict[tuple[str, int], int]:
        """Answers of the far side with a failCode other than 0."""
        return {(interface.value, code): count for (interface, code), count in self.system.log.refusals.items()}
