"""The exporter against the simulated system, scraped at even steps of simulated time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prometheus_client import CollectorRegistry
from support.manual_clock import ManualClock
from support.world import PASSWORD, USER, InProcess, ListLog, QuietFailures

from alert_tools.recording import Recording
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.wiring import export_settings

TARGET = {"instance": "exporter:10035", "job": "fusionsolar"}


class TamperedSystem(SimulatedSystem):
    """The simulated system, some of whose readings say something else."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.tampered: dict[str, Mapping[str, object]] = {}
        """Keys and values by device id or plant code, in the place of those of the real-time interfaces."""

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        answer = super().handle(method, path, headers, body)
        if not self.tampered or "RealKpi" not in path:
            return answer
        envelope = json.loads(answer.body)
        for item in envelope["data"] or ():
            values = self.tampered.get(str(item.get("devId", item.get("stationCode"))))
            if values:
                item["dataItemMap"] |= values
        return replace(answer, body=json.dumps(envelope).encode())


class SimulatedTime:
    """One account named ``home`` from ``begin`` on (Unix seconds), of whose metrics ``names`` are recorded."""

    def __init__(
        self,
        plan: FleetPlan,
        begin: float,
        names: frozenset[str],
        *,
        quirks: bool = False,
        account_keys: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.clock = ManualClock(begin)
        self.fleet = SimulatedFleet(plan)
        self.system = TamperedSystem(
            self.fleet, now=self.clock.now, users={USER: PASSWORD}, rules=Rules(quirks=quirks), log_size=0
        )
        self.names = names
        account = {"name": "home", "url": "http://far.example", "username": USER, "password": PASSWORD, **account_keys}
        pattern = "|".join(sorted(names))
        config = validate({"accounts": [account], "metrics": {"include": [pattern]}}, Path.cwd())
        self._scales = config.accounts[0].scale_overrides
        own = CollectorRegistry()
        self._instruments = OwnInstruments(own)
        self._instruments.config_reloaded(successful=True, at=begin)
        self._instruments.state.working(True)
        transport = InProcess(self.system, self.clock)
        self.account = Account(
            AccountSettings(config.accounts[0], config.collectors),
            Collaborators(
                clock=self.clock,
                transport=lambda _: transport,
                observer=lambda account: Observer(self._instruments.account(account.name), QuietFailures()),
                log=ListLog(),
            ),
        )
        data = DataCollector(AccountExports(self._views, export_settings(config), self.clock, lambda *_: None))
        self._collectors = (data, StatusCollector(self._views, self.clock), self._instruments, own)
        self.began = begin

    def run(self, seconds: float, recording: Recording) -> None:
        """Let time pass, and scrape at every step of the recording."""
        until = self.clock.now() + seconds
        moment = self.clock.now()
        while moment < until:
            self._run_until(moment)
            self.scrape(recording, self.names)
            moment += recording.step
        self._run_until(until)

    def pass_over(self, until: float) -> None:
        """Time passes, but the exporter does not run."""
        self.clock.advance_to(until)

    def _run_until(self, moment: float) -> None:
        while self.clock.now() < moment:
            self.clock.advance_to(min(self.account.step(), moment))

    def scrape(self, recording: Recording, names: frozenset[str]) -> None:
        """Add a scrape of these metrics as the next step of the recording."""
        recording.begin_scrape()
        for collector in self._collectors:
            for metric in collector.collect():
                for sample in metric.samples:
                    if sample.name in names:
                        recording.add(sample.name, sample.labels | TARGET, sample.value)
        recording.add("up", TARGET, 1.0)
        recording.add("process_start_time_seconds", TARGET, self.began)

    def _views(self) -> list[AccountView]:
        return [AccountView("home", self.account.cache.snapshot(), self.account.status(), self._scales)]
