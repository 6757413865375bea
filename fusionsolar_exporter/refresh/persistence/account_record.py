"""What state keeps of an account beside its answers: its calls, written before each request, and all else, after it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import KeptHold
from fusionsolar_exporter.pacing.ledger import KeptCalls
from fusionsolar_exporter.refresh.collectors.alarms import KeptAlarms
from fusionsolar_exporter.refresh.collectors.batched import KeptBatches
from fusionsolar_exporter.refresh.collectors.device_realtime import KeptDeviceRealtime
from fusionsolar_exporter.refresh.collectors.plant_list import KeptPlantList
from fusionsolar_exporter.refresh.paces import KeptInterfacePace
from fusionsolar_exporter.refresh.persistence.records import Form
from fusionsolar_exporter.refresh.reporting.status_builder import KeptOutcomes
from fusionsolar_exporter.refresh.session.session import KeptSession

CALLS_KEY, ACCOUNT_KEY = "calls", "account"


@dataclass(frozen=True, slots=True)
class CallsRecord:
    """The head; the moments of the ledger's calls follow."""

    now: float
    calls: Mapping[Interface, KeptCalls]


@dataclass(frozen=True, slots=True)
class KeptCollectors:
    """Where the collectors are."""

    plant_list: KeptPlantList
    device_list: KeptBatches
    plant_realtime: KeptBatches
    device_realtime: KeptDeviceRealtime
    alarms: KeptAlarms


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Pauses, learnt paces, the session, how requests ended, and where the collectors are."""

    now: float
    holds: Mapping[Interface, KeptHold]
    paces: Mapping[Interface, KeptInterfacePace]
    session: KeptSession
    outcomes: KeptOutcomes
    collectors: KeptCollectors


CALLS = Form(CallsRecord)
ACCOUNT = Form(AccountRecord)
