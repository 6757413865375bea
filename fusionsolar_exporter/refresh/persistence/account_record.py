"""What state keeps of an account beside its answers: its calls, written before each request, and all else, after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.daily_budget import LearntBudget
from fusionsolar_exporter.pacing.holds import DAY, KeptHold
from fusionsolar_exporter.pacing.ledger import KeptCalls
from fusionsolar_exporter.refresh.collectors.alarms import KeptAlarms
from fusionsolar_exporter.refresh.collectors.batched import KeptBatches
from fusionsolar_exporter.refresh.collectors.device_realtime import KeptDeviceRealtime
from fusionsolar_exporter.refresh.collectors.plant_list import KeptPlantList
from fusionsolar_exporter.refresh.collectors.reports import KeptReports
from fusionsolar_exporter.refresh.paces import KeptInterfacePace
from fusionsolar_exporter.refresh.persistence.records import Form
from fusionsolar_exporter.refresh.reporting.status_builder import KeptOutcomes
from fusionsolar_exporter.refresh.reports.zones import LearntOffset
from fusionsolar_exporter.refresh.session.session import KeptSession
from fusionsolar_exporter.refresh.session.tokens import HeldTokens
from fusionsolar_exporter.state import Kept
from fusionsolar_exporter.status import CollectorName

CALLS_KEY, ACCOUNT_KEY, TOKENS_KEY = "calls", "account", "tokens"
TOKENS_KEPT = 365 * DAY
"""Seconds; nobody knows how long a refresh token lives."""


@dataclass(frozen=True, slots=True)
class CallsRecord:
    """The head; the moments of the ledger's calls follow, and behind them those of the day's budget."""

    now: float
    calls: Mapping[Interface, KeptCalls]
    daily: int
    """How many of the latter."""


@dataclass(frozen=True, slots=True)
class KeptCollectors:
    """Where the collectors are."""

    plant_list: KeptPlantList
    device_list: KeptBatches
    plant_realtime: KeptBatches
    device_realtime: KeptDeviceRealtime
    alarms: KeptAlarms
    reports: Mapping[CollectorName, KeptReports] = field(default_factory=dict)
    zones: Mapping[str, LearntOffset] = field(default_factory=dict)
    """By plant code."""
    inverter_convergence: KeptBatches | None = None


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """Pauses, learnt paces, the session, how requests ended, and where the collectors are."""

    now: float
    holds: Mapping[Interface, KeptHold]
    paces: Mapping[Interface, KeptInterfacePace]
    session: KeptSession
    outcomes: KeptOutcomes
    collectors: KeptCollectors
    budget: LearntBudget | None = None


@dataclass(frozen=True, slots=True)
class TokensRecord:
    """What an owner's consent has brought: an entry of its own, since ``authorize`` writes it too."""

    now: float
    tokens: HeldTokens


TOKENS = Form(TokensRecord)
CALLS = Form(CallsRecord, of_moments=True)
ACCOUNT = Form(AccountRecord)


def kind_of(kept: Kept) -> str:
    """What an entry is about."""
    return kept.key.partition("/")[0]


def lacks_calls(entries: Sequence[Kept]) -> bool:
    """Whether all that was kept of an account lacks what was asked: answers without calls are partly lost."""
    kinds = {kind_of(kept) for kept in entries}
    answers = not kinds.isdisjoint(CollectorName)
    return (answers and ACCOUNT_KEY not in kinds) or ((answers or ACCOUNT_KEY in kinds) and CALLS_KEY not in kinds)
