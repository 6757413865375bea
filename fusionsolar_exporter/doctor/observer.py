"""What ``doctor`` counts and logs of its requests: next to nothing, since the report says it all."""

from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings


class _NoInstruments:
    def attempt(self, interface: Interface) -> None:
        del interface

    def answered(self, interface: Interface, seconds: float) -> None:
        del interface, seconds

    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        del interface, reason, fail_code

    def dropped(self, interface: Interface, count: int) -> None:
        del interface, count


class _LoggedFailures:
    def __init__(self, log: EventLogger, settings: AccountSettings) -> None:
        self._log = log
        self._settings = settings

    def failed(self, interface: Interface, reason: Reason, message: str, advice: str) -> None:
        self._log.info(
            "request failed",
            account=self._settings.name,
            interface=interface,
            reason=reason,
            host=self._settings.host,
            error=message,
            advice=advice,
        )

    def recovered(self, interface: Interface) -> None:
        del interface


def quiet_observer(log: EventLogger, settings: AccountSettings) -> Observer:
    """Logs failures as information."""
    return Observer(_NoInstruments(), _LoggedFailures(log, settings))


class NoStateInstruments:
    """Of the state: its own log lines have to do."""

    def operation(self, seconds: float) -> None:
        """See :meth:`StateObserver.operation`."""
        del seconds

    def failed(self) -> None:
        """See :meth:`StateObserver.failed`."""

    def working(self, working: bool) -> None:
        """See :meth:`StateObserver.working`."""
        del working
