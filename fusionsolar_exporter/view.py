"""One account as scrapes and pages see it: its data, and what its refresher says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.status import AccountStatus


@dataclass(frozen=True, slots=True)
class AccountView:
    """An immutable picture of an account at one moment."""

    name: str
    """Label ``account``."""
    snapshot: Snapshot
    status: AccountStatus
    scale_overrides: Mapping[tuple[int, str], float]
    """Configured factors by device type id and key of the interface, in the place of the catalogue's."""
