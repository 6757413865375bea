"""What the refresher of an account publishes about itself: frozen, so that a scrape reads it without a lock.

All moments are in the pacing clock's seconds (:meth:`fusionsolar_exporter.pacing.clock.Clock.now`).
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fusionsolar_exporter.moments import Moment


class CollectorName(StrEnum):
    """The kinds of data; values of the label ``collector`` and keys under ``collectors`` in the configuration."""

    PLANT_LIST = "plant_list"
    DEVICE_LIST = "device_list"
    PLANT_REALTIME = "plant_realtime"
    DEVICE_REALTIME = "device_realtime"
    ALARMS = "alarms"
    PLANT_HOURLY = "plant_hourly"
    PLANT_DAILY = "plant_daily"
    PLANT_MONTHLY = "plant_monthly"
    PLANT_YEARLY = "plant_yearly"
    DEVICE_DAILY = "device_daily"
    DEVICE_MONTHLY = "device_monthly"
    DEVICE_YEARLY = "device_yearly"
    INVERTER_CONVERGENCE = "inverter_convergence"


PLANT_REPORTS = (
    CollectorName.PLANT_HOURLY,
    CollectorName.PLANT_DAILY,
    CollectorName.PLANT_MONTHLY,
    CollectorName.PLANT_YEARLY,
)
DEVICE_REPORTS = (CollectorName.DEVICE_DAILY, CollectorName.DEVICE_MONTHLY, CollectorName.DEVICE_YEARLY)
REPORTS = PLANT_REPORTS + DEVICE_REPORTS


class AccountState(StrEnum):
    """The present state of an account: the first that applies, in this order."""

    CREDENTIALS = "credentials"
    CONTENDED = "contended"
    PAUSED = "paused"
    STARTING = "starting"
    UNREACHABLE = "unreachable"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class InterfaceStatus:
    """The rate limiter's view of one interface, margin included."""

    interface: str
    quota_calls: int
    window_seconds: float
    calls: tuple[float, ...]
    """Moments of the calls that still count, oldest first; those older than the window do not."""
    next_request_at: float | None
    """The earliest moment of the next request; None where none is planned."""
    held_until: float | None
    """End of a pause or back-off after a failure; None where there is none."""
    hold_reason: str
    """Why it is held, for people; empty where it is not."""
    pace_ratio: float = 1.0
    """How many times slower than its limits in force it is asked because the far side refused more."""
    pace_seconds: float | None = None
    """Seconds between two calls that the far side allows; None where nothing was learnt."""
    pace_learnt_at: float | None = None

    def used_calls(self, now: float) -> int:
        """How many calls count at a moment."""
        return len(self.calls) - self._outside(now)

    def next_change(self, now: float) -> float:
        """When a call ceases to count; infinity where none counts."""
        outside = self._outside(now)
        return self.calls[outside] + self.window_seconds if outside < len(self.calls) else math.inf

    def _outside(self, now: float) -> int:
        return bisect_right(self.calls, now, key=lambda call: call + self.window_seconds)


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """The calls of a day of all data interfaces together, margin included."""

    calls: int
    """In force: fewer than are configured where the far side was found to allow fewer."""
    configured_calls: int
    window_seconds: float
    moments: tuple[float, ...]
    """Of the calls that still count; those older than the window do not."""

    def used_calls(self, now: float) -> int:
        """How many count now."""
        return sum(now - moment < self.window_seconds for moment in self.moments)


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """One collector's sweeps."""

    collector: CollectorName
    enabled: bool
    success: bool
    """Whether every request of the newest sweep was answered with failCode 0; False before the first sweep."""
    interval_seconds: float
    last_success_at: float | None
    next_sweep_at: float | None
    last_sweep_duration_seconds: float | None
    batches: int
    left_out: Mapping[str, float] = field(default_factory=dict)
    """Ids that are not asked for because the far side refuses them, and until when."""


@dataclass(frozen=True, slots=True)
class FailureNote:
    """A failure as a person wants to read it."""

    at: Moment
    interface: str
    reason: str
    fail_code: int | None
    message: str
    advice: str
    """What to do about it; may be empty."""
    about: str = ""
    """The batch that it says something of; empty for the whole interface."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """Everything about one account but its data."""

    account: str
    host: str
    state: AccountState
    up: bool
    leads: bool
    """Whether this process refreshes the account; others serve what it brings."""
    had_first_outcome: bool
    """True once a request was answered or failed."""
    clock_offset_seconds: float | None
    """The far side's clock less ours; None until an answer tells it."""
    stretch: float
    """The largest factor by which an interval is stretched (1 where the account is not bound by its own speed)."""
    interfaces: tuple[InterfaceStatus, ...]
    collectors: tuple[CollectorStatus, ...]
    failures: tuple[FailureNote, ...]
    """The newest failure of each interface that has not answered since, newest first."""
    listed_plants: int | None = None
    """Plants of the newest plant list; None until there is one."""
    waits: str = ""
    """Why no session begins, and until when, in one sentence; empty where nothing stands against it."""
    selected_plants: int | None = None
    """Those of them that the filter takes."""
    budget: BudgetStatus | None = None
    """None where the account has no such limit."""
