"""What accounts and state report, on its way to the metrics and the log."""

from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.failure_log import RepeatedFailures
from fusionsolar_exporter.metrics.own import OwnInstruments, StateInstruments
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.reporting.observer import FailureLog, Observer
from fusionsolar_exporter.state import StateObserver


@dataclass(frozen=True, slots=True)
class AccountFailureLog(FailureLog):
    """The summed-up failures of one account."""

    account: str
    host: str
    repeated: RepeatedFailures

    @override
    def failed(
        self, interface: Interface, reason: Reason, message: str, advice: str, about: str, *, asked: str = ""
    ) -> None:
        told = {"host": self.host, "error": message, "advice": advice}
        self.repeated.failed(self.account, interface, reason, about=about, asked=asked, **told)

    @override
    def recovered(self, interface: Interface, about: str, *, asked: str = "") -> None:
        self.repeated.succeeded(self.account, interface, about=about, asked=asked)


@dataclass(frozen=True, slots=True)
class AccountObservers:
    """Makes the observer of each account."""

    instruments: OwnInstruments
    repeated: RepeatedFailures

    def __call__(self, account: AccountConfig) -> Observer:
        """The observer of an account."""
        failures = AccountFailureLog(account.name, account.host, self.repeated)
        return Observer(self.instruments.account(account.name), failures)


@dataclass(frozen=True, slots=True)
class ShownState(StateObserver):
    """The state's metrics; what changed is rendered, though no account has anything to publish."""

    instruments: StateInstruments
    changed: Callable[[], None]

    @override
    def operation(self, seconds: float) -> None:
        self.instruments.operation(seconds)

    @override
    def failed(self) -> None:
        self.instruments.failed()
        self.changed()

    @override
    def working(self, working: bool) -> None:
        if self.instruments.working(working):
            self.changed()
