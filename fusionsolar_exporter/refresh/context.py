"""What every part of one account goes by: the time, the settings in force, and the log."""

from dataclasses import dataclass

from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.settings import AccountSettings


@dataclass(slots=True)
class AccountContext:
    """Only the account's own thread changes it."""

    clock: Clock
    log: Log
    settings: AccountSettings
    """Replaced at a reload: parts look here each time, and keep nothing of it."""
