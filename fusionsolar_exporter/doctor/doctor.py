"""Examines accounts side by side, as the exporter would refresh them."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from fusionsolar_exporter import __version__
from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.config import AccountConfig, Config, StateKind
from fusionsolar_exporter.doctor.examination import Examination
from fusionsolar_exporter.doctor.findings import account_report
from fusionsolar_exporter.doctor.recording import Recording
from fusionsolar_exporter.doctor.report import SCHEMA, AccountFindings, DoctorReport
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.northbound.transport import HttpTransport, Transport
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.quiet_observer import NoStateObserver, quiet_observer
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import State
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.wiring import account_identity, account_secrets, transport_settings


@dataclass(frozen=True, slots=True)
class Doctor:
    """One run over some accounts of a configuration."""

    config: Config
    accounts: Sequence[AccountConfig]
    clock: Clock
    log: EventLogger
    say: Callable[[str, str], None]
    """Told what goes on: the account, and a few words."""
    wait: bool = False
    recording: Recording | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def examine(self) -> DoctorReport:
        """Examine every account; SIGINT and SIGTERM end the examinations early."""
        state = open_state(self.config.state, self.clock, self.log, NoStateObserver())
        try:
            with ThreadPoolExecutor(max_workers=len(self.accounts), thread_name_prefix="doctor") as pool:
                running = [pool.submit(self._account, state, number) for number in range(len(self.accounts))]
                reports = tuple(map(self._result, running))
        finally:
            state.close()
        return DoctorReport(
            schema=SCHEMA,
            version=__version__,
            timestamp_seconds=self.clock.wall(self.clock.now()),
            state=self._state(),
            permitted=all(report.permitted for report in reports),
            accounts=reports,
        )

    def _state(self) -> str:
        url = self.config.state.url
        return str(url.path(os.environ) or StateKind.MEMORY) if url.kind is StateKind.SQLITE else url.kind

    def _result(self, running: "Future[AccountFindings]") -> AccountFindings:
        while True:
            try:
                return running.result()
            except (KeyboardInterrupt, SystemExit):  # the latter by SIGTERM
                self.stop.set()
                self.say("", "ending after the requests in flight")

    def _account(self, state: State, number: int) -> AccountFindings:
        account = self.accounts[number]
        settings = AccountSettings(account, self.config.collectors)

        def transport(account: AccountConfig) -> Transport:
            inner = HttpTransport(transport_settings(account))
            if self.recording is None:
                return inner
            host, username = account_identity(account)
            secrets = {*account_secrets(account), account.name, username, host, host.partition(":")[0]}
            return self.recording.transport(inner, number + 1, secrets)

        collaborators = Collaborators(
            self.clock, transport, partial(quiet_observer, self.log), self.log, without_secrets=without_secrets
        )
        cache = Cache(self.clock)
        cache.enable_only(settings.collectors.enabled)
        engine = build_engine(settings, collaborators, cache, state.partition(*account_identity(account)))
        examination = Examination(engine, lambda words: self.say(account.name, words), self.stop, wait=self.wait)
        examination.run()
        return account_report(examination)
