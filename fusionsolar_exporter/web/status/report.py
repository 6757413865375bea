"""What the status page and its JSON say. The field names are the keys of the JSON, so renaming one breaks readers.

Every moment is Unix seconds; None stands for never, not planned or not known, and for what is not finite.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOutReport:
    """A plant or device that is not asked for, because the far side refuses it although it lists it."""

    id: str
    name: str
    until_timestamp_seconds: float | None


@dataclass(frozen=True, slots=True)
class CollectorReport:
    """One collector's sweeps and cached entries."""

    collector: str
    enabled: bool
    success: bool
    interval_seconds: float | None
    last_success_timestamp_seconds: float | None
    next_sweep_timestamp_seconds: float | None
    last_sweep_duration_seconds: float | None
    batches: int
    cache_entries: int
    cache_expired: int
    left_out: tuple[LeftOutReport, ...]


@dataclass(frozen=True, slots=True)
class InterfaceReport:
    """The rate limiter's view of one interface."""

    interface: str
    quota_calls: int
    quota_used_calls: int
    quota_window_seconds: float | None
    next_request_timestamp_seconds: float | None
    held_until_timestamp_seconds: float | None
    hold_reason: str
    pace_ratio: float
    """How many times slower than its limits in force it is asked."""
    pace_seconds: float | None
    """Seconds between two calls; None where nothing was learnt."""
    pace_learnt_timestamp_seconds: float | None


@dataclass(frozen=True, slots=True)
class FailureReport:
    """The newest failure of an interface that has not answered since."""

    timestamp_seconds: float | None
    interface: str
    reason: str
    fail_code: int | None
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class AlarmReport:
    """An active alarm, with what the management system says of it."""

    plant_code: str
    plant: str
    device: str
    severity: str
    alarm: str
    raised_timestamp_seconds: float | None
    cause: str
    repair: str


@dataclass(frozen=True, slots=True)
class PlantReport:
    """A listed plant, in bare units."""

    plant_code: str
    plant: str
    power_watts: float | None
    day_yield_watthours: float | None
    capacity_watts: float | None
    health: str
    """In words; empty where it is not known."""
    inverters: dict[str, int]
    """Numbers of inverters by the description of their state."""
    devices: dict[str, int]
    """Numbers of devices by type."""
    active_alarms: int | None
    """None until they are known whole."""
    alarm: AlarmReport | None
    """The gravest, and of these the oldest."""
    data_timestamp_seconds: float | None
    """Of the oldest data among plant and inverters: when it was fetched; None where there is none."""
    attention: int
    """How much it needs somebody: 0 for a plant that is well."""


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """The calls of a day of all data interfaces together."""

    calls: int
    used_calls: int
    window_seconds: float | None
    configured_calls: int
    """More than ``calls`` where the far side was found to allow fewer."""


@dataclass(frozen=True, slots=True)
class AccountReport:
    """One account."""

    account: str
    host: str
    state: str
    advice: str
    until_timestamp_seconds: float | None
    """Until when logins pause; None where they do not."""
    up: bool
    leader: bool
    """Whether this process refreshes the account; where not, another replica does, or soon takes it."""
    clock_offset_seconds: float | None
    interval_stretch: float | None
    devices: dict[str, int]
    collectors: tuple[CollectorReport, ...]
    interfaces: tuple[InterfaceReport, ...]
    budget: BudgetReport | None
    """None where the account has no such limit."""
    failures: tuple[FailureReport, ...]
    plants: tuple[PlantReport, ...]
    alarms: tuple[AlarmReport, ...]
    """The gravest first, and of these the newest."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The whole exporter."""

    version: str
    timestamp_seconds: float
    ready: bool
    accounts: tuple[AccountReport, ...]
