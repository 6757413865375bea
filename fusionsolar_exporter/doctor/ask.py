"""What became of asking one interface."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.doctor.report import Outcome
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.status import REPORTS, CollectorName

ORDER = (
    CollectorName.PLANT_LIST,
    CollectorName.DEVICE_LIST,
    CollectorName.PLANT_REALTIME,
    CollectorName.DEVICE_REALTIME,
    CollectorName.ALARMS,
    *REPORTS,
    CollectorName.INVERTER_CONVERGENCE,
)
"""In which interfaces are asked: each by what the ones before have told."""
SELDOM_ASKED = frozenset({*REPORTS, CollectorName.INVERTER_CONVERGENCE})
"""Their calls of a day are shared out, and none is to spare for looking at what was answered before."""
TOO_MANY_INVERTERS = "not asked: more inverters are known than one call an hour takes, and none is named"


@dataclass(frozen=True, slots=True)
class Ask:
    """What became of one interface; moments are in the pacing clock's seconds."""

    collector: CollectorName
    interface: Interface
    outcome: Outcome
    ids: Sequence[str] = ()
    error: NorthboundError | None = None
    next_at: float | None = None
    """Where it was not asked: when it can be."""
    note: str = ""
