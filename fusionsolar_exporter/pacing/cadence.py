"""How often: intervals derived from the limits in force, never from constants.

Every function takes limits with the margin included and gives seconds. ``docs/design.md`` explains the rules.
"""

from collections.abc import Sequence
from math import ceil

from fusionsolar_exporter.pacing.limits import Limit

_BUSY_SHARE = 0.97  # of the account's time that regular requests may take: the rest lets late ones catch up
_SMALL_SHARE = 0.05  # of that time: an interface that takes no more, as one bound by its spacing, delays nobody
_KEPT_BACK = 10  # one of so many calls for reports is for restarts and retries
_LIST_FRACTION = 24  # a list is asked at most this often in a window


def real_time_interval(limit: Limit, batches: int) -> float:
    """Real-time data: the longest of one window, batches x spacing, and calls needed / quota x window."""
    batches = max(batches, 1)
    return max(limit.window, batches * limit.spacing, batches / max(limit.calls, 1) * limit.window)


def alarm_interval(limit: Limit, calls_needed: int, device_window: float) -> float:
    """Alarms: calls needed / quota x window, not under the window of real-time device data."""
    calls_needed = max(calls_needed, 1)
    return max(calls_needed / max(limit.calls, 1) * limit.window, calls_needed * limit.spacing, device_window)


def list_interval(limit: Limit, calls_needed: int) -> float:
    """Lists: half of the quota is for regular refreshes, the other half for restarts and lists made due early.

    Not more often than 24 times a window; once a window where one refresh costs more than half of the quota.
    """
    calls_needed = max(calls_needed, 1)
    half = limit.calls / 2
    if calls_needed > half:
        return max(limit.window, calls_needed * limit.spacing)
    return max(limit.window * calls_needed / half, limit.window / _LIST_FRACTION, calls_needed * limit.spacing)


def report_interval(limit: Limit, calls_needed: int, boundary_calls: int, least: float) -> float:
    """Reports: what a tenth and the calls at the ends of days leave of the quota, spread evenly over its window."""
    calls_needed = max(calls_needed, 1)
    left = max(limit.calls - ceil(limit.calls / _KEPT_BACK) - boundary_calls, 1)
    return max(calls_needed / left * limit.window, calls_needed * limit.spacing, least)


def shortest_interval(limit: Limit, calls_needed: int) -> float:
    """The shortest interval that breaks no limit, for judging a configured one."""
    calls_needed = max(calls_needed, 1)
    return max(calls_needed * limit.spacing, calls_needed / max(limit.calls, 1) * limit.window)


def stretches(shares: Sequence[float]) -> list[float]:
    """By how much each interval grows where one request at a time cannot keep up; else 1.

    ``shares`` are those of the account's time that each kind of data wants. What wants little keeps its cadence, and
    what fills the queue gives way, all of it by one factor.
    """
    kept = sum(share for share in shares if share <= _SMALL_SHARE)
    large = sum(shares) - kept
    if kept + large <= _BUSY_SHARE:
        return [1.0] * len(shares)
    if large <= 0 or kept >= _BUSY_SHARE / 2:
        return [sum(shares) / _BUSY_SHARE] * len(shares)
    factor = large / (_BUSY_SHARE - kept)
    return [1.0 if share <= _SMALL_SHARE else factor for share in shares]
