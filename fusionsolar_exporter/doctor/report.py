"""What ``doctor`` finds. The field names are the keys of ``--json``, so renaming one breaks readers.

Moments are Unix seconds (``..._timestamp_seconds``), spans are seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

SCHEMA = 1
"""Grows when a key changes its meaning or goes; further keys may come at any time."""


class Host(StrEnum):
    """What answers at an account's ``url``."""

    NORTHBOUND = "northbound"
    WEB_PAGE = "web_page"
    SOMETHING_ELSE = "something_else"
    NOTHING = "nothing"
    NOT_ASKED = "not_asked"


class SessionKind(StrEnum):
    """Where the session comes from."""

    KEPT = "kept"
    NEW = "new"
    NONE = "none"


class Outcome(StrEnum):
    """What became of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """For want of a permission."""
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something brought nothing."""

    reason: str
    """Of the closed list that metrics and log use."""
    fail_code: int | None
    message: str
    meaning: str
    """Of the failCode; empty where there is none, or none that is known."""
    advice: str
    timestamp_seconds: float
    """It may be older than this run: state remembers failures."""


@dataclass(frozen=True, slots=True)
class SessionFindings:
    """The login."""

    kind: SessionKind
    age_seconds: float | None
    contended: bool
    """Whether another program ends the sessions of this user again and again."""
    problem: Problem | None
    next_login_timestamp_seconds: float | None
    """Where there is no session: when the next login may be sent; None where that is not known."""


@dataclass(frozen=True, slots=True)
class InterfaceFindings:
    """One interface that the configuration enables."""

    collector: str
    interface: str
    permitted: bool | None
    """None where nobody can know yet."""
    outcome: Outcome
    summary: str
    """What it brought, or why it was not asked; in words for people, which may change."""
    problem: Problem | None
    asked_timestamp_seconds: float | None
    """The newest request that still counts, of this run or another."""
    next_timestamp_seconds: float | None
    """Where it was not asked: when that is possible; None where it is not known."""
    quota_calls: int
    quota_used_calls: int
    quota_window_seconds: float
    spacing_seconds: float
    pace_ratio: float
    """How many times slower than these limits a running exporter asks, because the far side refused more."""
    pace_seconds: float | None
    """Seconds between two calls that it learnt; None where it learnt nothing."""


@dataclass(frozen=True, slots=True)
class BudgetFindings:
    """The calls of a day of all data interfaces together."""

    calls: int
    used_calls: int
    window_seconds: float
    configured_calls: int
    """More than ``calls`` where the far side was found to allow fewer."""


@dataclass(frozen=True, slots=True)
class CadenceFindings:
    """How often the exporter reads a kind of data: what follows from quotas and lists."""

    collector: str
    interface: str
    calls: int
    """Calls of one interval."""
    interval_seconds: float
    shortest_interval_seconds: float


@dataclass(frozen=True, slots=True)
class PlantsFindings:
    """The plants."""

    listed: int
    selected: int
    """Of those, the ones that ``plants`` of the configuration takes."""
    not_selected: tuple[str, ...]
    """The names of the others, by name."""
    with_device_list: int
    with_data: int
    with_alarms: int


@dataclass(frozen=True, slots=True)
class AlarmsFindings:
    """The active alarms of the plants that were asked."""

    active: int
    oldest_timestamp_seconds: float | None


@dataclass(frozen=True, slots=True)
class DeviceTypeFindings:
    """The devices of one type."""

    device_type_id: int
    device_type: str
    documented: bool
    """Whether the reference names it."""
    real_time: bool
    """Whether the reference says that it has real-time data."""
    devices: int
    asked: int
    with_data: int
    outcome: Outcome
    remark: str
    """In words for people, which may change."""
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class UnitDoubt:
    """A power that does not fit voltage x current of the same readings."""

    device_type_id: int
    device_type: str
    key: str
    devices: int
    """How many devices show it."""
    judged: int
    """How many have all three values."""
    ratio: float
    """Power as the exporter takes it, over voltage x current; about 1 where the unit is right."""
    scale: float
    """For ``kpi_overrides``: what the value would have to be multiplied by."""


@dataclass(frozen=True, slots=True)
class SignDoubt:
    """A power that counts the other way round."""

    device_type_id: int
    device_type: str
    key: str
    plants: tuple[str, ...]
    """For ``kpi_overrides``: the codes of the plants; empty where it is so at all that can be judged."""
    plant: str
    """The code of one, of which the evidence is."""
    evidence: str
    """In words for people, which may change."""
    found: int
    """At how many plants, of how many that can be judged."""
    judged: int
    scale: float
    """For ``kpi_overrides``."""


@dataclass(frozen=True, slots=True)
class UndocumentedKey:
    """A key of real-time data that no table of this exporter knows."""

    device_type_id: int | None
    """None for a plant's."""
    device_type: str
    """``plant``, or the name of the type."""
    key: str
    count: int
    """How many plants or devices sent it."""


@dataclass(frozen=True, slots=True)
class AccountFindings:
    """One account."""

    account: str
    host: str
    permitted: bool
    """Whether the login and every interface that the configuration enables are permitted."""
    answers: Host
    remarks: tuple[str, ...]
    """What has to be said beforehand; in words for people, which may change."""
    session: SessionFindings
    interfaces: tuple[InterfaceFindings, ...]
    budget: BudgetFindings | None
    """None where the account has no such limit."""
    cadence: tuple[CadenceFindings, ...]
    plants: PlantsFindings
    alarms: AlarmsFindings
    device_types: tuple[DeviceTypeFindings, ...]
    doubtful_units: tuple[UnitDoubt, ...]
    doubtful_signs: tuple[SignDoubt, ...]
    undocumented_keys: tuple[UndocumentedKey, ...]
    what_to_do: tuple[str, ...]
    """Likewise in words."""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All accounts."""

    schema: int
    version: str
    """Of the exporter."""
    timestamp_seconds: float
    state: str
    """Where ledger, sessions and answers are kept: ``memory``, ``redis``, or the path of the file."""
    permitted: bool
    """Whether all of every account is."""
    accounts: tuple[AccountFindings, ...]
