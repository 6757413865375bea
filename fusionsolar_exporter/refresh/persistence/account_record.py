"""What state keeps of an account beside its answers: its calls, written before each request, and all else, after it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import KeptHold
from fusionsolar_exporter.pacing.ledger import KeptCalls
from fusionsolar_exporter.refresh.collectors.base import KeptCollector
from fusionsolar_exporter.refresh.persistence.records import Form
from fusionsolar_exporter.refresh.reporting.status_builder import KeptOutcomes
from fusionsolar_exporter.refresh.session.session import KeptSession
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class CallsRecord:
    """The head; the moments of the ledger's calls follow."""

    now: float
    calls: Mapping[Interface, KeptCalls]


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Pauses, the session, how the account stands, and where its collectors are."""

    now: float
    holds: Mapping[Interface, KeptHold]
    session: KeptSession
    standing: KeptOutcomes
    collectors: Mapping[CollectorName, KeptCollector]


CALLS = Form(CallsRecord)
ACCOUNT = Form(AccountRecord)
