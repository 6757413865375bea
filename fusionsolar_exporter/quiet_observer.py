"""What ``doctor`` counts and logs of its requests: next to nothing, since the report says it all."""

from typing_extensions import override

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.reporting.observer import FailureLog, Observer, RequestCounters
from fusionsolar_exporter.state import StateObserver


class _NoCounters(RequestCounters):
    @override
    def attempt(self, interface: Interface) -> None:
        del interface

    @override
    def answered(self, interface: Interface, seconds: float) -> None:
        del interface, seconds

    @override
    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        del interface, reason, fail_code

    @override
    def dropped(self, interface: Interface, count: int) -> None:
        del interface, count


class _LoggedFailures(FailureLog):
    def __init__(self, log: EventLogger, account: AccountConfig) -> None:
        self._log = log
        self._account = account

    @override
    def failed(
        self, interface: Interface, reason: Reason, message: str, advice: str, about: str, *, asked: str = ""
    ) -> None:
        self._log.info(
            "request failed",
            account=self._account.name,
            interface=interface,
            reason=reason,
            host=self._account.host,
            error=message,
            advice=advice,
        )

    @override
    def recovered(self, interface: Interface, about: str, *, asked: str = "") -> None:
        del interface


def quiet_observer(log: EventLogger, account: AccountConfig) -> Observer:
    """Logs failures as information."""
    return Observer(_NoCounters(), _LoggedFailures(log, account))


class NoStateObserver(StateObserver):
    """Of the state: its own log lines have to do."""

    @override
    def operation(self, seconds: float) -> None:
        del seconds

    @override
    def failed(self) -> None:
        pass

    @override
    def working(self, working: bool) -> None:
        del working
