"""One account as scrapes and pages see it: its data, and what its refresher says of itself."""

from dataclasses import dataclass, field

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.power_curves import PowerCurves
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
    power_curves: PowerCurves = field(default_factory=PowerCurves)
    """The powers of its plants over the last day; alive, in an otherwise immutable picture."""
