"""One account as scrapes and pages see it: its data, and what its refresher says of itself."""

from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import AccountStatus


@dataclass(frozen=True, slots=True)
class AccountView:
    """An immutable picture of an account at one moment."""

    name: str
    """Label ``account``."""
    snapshot: Snapshot
    status: AccountStatus
    scale_overrides: ScaleOverrides
    """Configured factors in the place of the catalogue's."""
