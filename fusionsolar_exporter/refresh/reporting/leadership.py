"""One line when an account is not refreshed here but perhaps by another process, and one when it is again."""

from dataclasses import dataclass

from fusionsolar_exporter.config.durations import format_duration
from fusionsolar_exporter.refresh.context import AccountContext

_PATIENCE = 5.0
"""Seconds: where several processes start together, it is settled by then whose an account is."""


@dataclass(slots=True)
class Leadership:
    """Looked at in each turn. Moments are in the pacing clock's seconds."""

    context: AccountContext
    _since: float | None = None
    """Since when another process may hold the account."""
    _told: bool = False

    def look(self, *, held_elsewhere: bool) -> None:
        """Log the line, where it is time for it."""
        now, account = self.context.clock.now(), self.context.settings.name
        if held_elsewhere:
            self._since = now if self._since is None else self._since
            if not self._told and now >= self._since + _PATIENCE:
                self._told = True
                self.context.log.info(
                    "not refreshed here",
                    account=account,
                    waits_for="another process to give the account up or to die, or the state to be reached; after the "
                    "state's start or loss, the length of a lease",
                )
            return
        if self._told and self._since is not None:
            self.context.log.info("refreshed here now", account=account, waited=format_duration(now - self._since))
        self._since, self._told = None, False
