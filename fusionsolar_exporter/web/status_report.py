"""What the status page and its JSON say: one report, made from the accounts' views.

Every moment is Unix seconds; None stands for never, not planned or not known, and for what is not finite.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter import __version__
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import AccountState, CollectorStatus, FailureNote, InterfaceStatus
from fusionsolar_exporter.view import AccountView

ADVICE: dict[AccountState, str] = {
    AccountState.CREDENTIALS: "The login is refused. Check user name and password, and whether the account's end date"
    " has passed; then reload the configuration.",
    AccountState.CONTENDED: "Another program uses this account: each login ends the other's session."
    " Give each program an account of its own.",
    AccountState.PAUSED: "Logins pause for a while; the interface login below says until when and why.",
    AccountState.STARTING: "There has been no login yet.",
    AccountState.UNREACHABLE: "The newest request got no usable answer."
    " Check the URL, the network and the proxy; it is tried again by itself.",
    AccountState.OK: "",
}


@dataclass(frozen=True, slots=True)
class ReportedCollector:
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


@dataclass(frozen=True, slots=True)
class ReportedInterface:
    """The rate limiter's view of one interface."""

    interface: str
    quota_calls: int
    quota_used_calls: int
    quota_window_seconds: float | None
    next_request_timestamp_seconds: float | None
    held_until_timestamp_seconds: float | None
    hold_reason: str


@dataclass(frozen=True, slots=True)
class ReportedFailure:
    """The newest failure of an interface that has not answered since."""

    timestamp_seconds: float | None
    interface: str
    reason: str
    fail_code: int | None
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class ReportedPlant:
    """A listed plant; ``devices`` counts by device type, ``active_alarms`` is None until they are known whole."""

    plant_code: str
    plant: str
    devices: dict[str, int]
    active_alarms: int | None


@dataclass(frozen=True, slots=True)
class ReportedAccount:
    """One account."""

    account: str
    host: str
    state: str
    advice: str
    up: bool
    leader: bool
    """Whether this process refreshes the account; where not, another replica does."""
    clock_offset_seconds: float | None
    interval_stretch: float | None
    devices: dict[str, int]
    collectors: tuple[ReportedCollector, ...]
    interfaces: tuple[ReportedInterface, ...]
    failures: tuple[ReportedFailure, ...]
    plants: tuple[ReportedPlant, ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The whole exporter."""

    version: str
    timestamp_seconds: float
    ready: bool
    accounts: tuple[ReportedAccount, ...]


def report(views: Sequence[AccountView], *, clock: Clock, ready: bool) -> StatusReport:
    """Make the report of this moment."""
    now = clock.now()
    return StatusReport(
        version=__version__,
        timestamp_seconds=clock.wall(now),
        ready=ready,
        accounts=tuple(_account(view, clock, now) for view in views),
    )


def _account(view: AccountView, clock: Clock, now: float) -> ReportedAccount:
    status = view.status
    devices = _devices(view)
    return ReportedAccount(
        account=view.name,
        host=status.host,
        state=status.state,
        advice=ADVICE[status.state],
        up=status.up,
        leader=status.leads,
        clock_offset_seconds=_finite(status.clock_offset_seconds),
        interval_stretch=_finite(status.stretch),
        devices=_total(devices.values()),
        collectors=tuple(_collector(collector, view, clock) for collector in status.collectors),
        interfaces=tuple(_interface(interface, clock, now) for interface in status.interfaces),
        failures=tuple(_failure(failure, clock) for failure in status.failures),
        plants=_plants(view, devices),
    )


def _devices(view: AccountView) -> dict[str, Counter[str]]:
    """Count the listed devices by plant code and type."""
    snapshot = view.snapshot
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for device_id in snapshot.listed_devices & snapshot.devices.keys():
        device = snapshot.devices[device_id]
        counts[device.plant_code][device_type_label(device.type_id)] += 1
    return counts


def _plants(view: AccountView, devices: Mapping[str, Counter[str]]) -> tuple[ReportedPlant, ...]:
    snapshot = view.snapshot
    alarms = {code: len(known.alarms) for code, known in snapshot.alarms.items() if known.complete}
    return tuple(
        ReportedPlant(
            plant_code=code,
            plant=snapshot.plants[code].name,
            devices=_sorted(devices.get(code, Counter())),
            active_alarms=alarms.get(code),
        )
        for code in sorted(snapshot.listed_plants & snapshot.plants.keys())
    )


def _total(counts: Iterable[Counter[str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return _sorted(total)


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _collector(status: CollectorStatus, view: AccountView, clock: Clock) -> ReportedCollector:
    return ReportedCollector(
        collector=status.collector,
        enabled=status.enabled,
        success=status.success,
        interval_seconds=_finite(status.interval_seconds),
        last_success_timestamp_seconds=_wall(status.last_success_at, clock),
        next_sweep_timestamp_seconds=_wall(status.next_sweep_at, clock),
        last_sweep_duration_seconds=_finite(status.last_sweep_duration_seconds),
        batches=status.batches,
        cache_entries=view.snapshot.entries.get(status.collector, 0),
        cache_expired=view.snapshot.expired.get(status.collector, 0),
    )


def _interface(status: InterfaceStatus, clock: Clock, now: float) -> ReportedInterface:
    return ReportedInterface(
        interface=status.interface,
        quota_calls=status.quota_calls,
        quota_used_calls=sum(call > now - status.window_seconds for call in status.calls),
        quota_window_seconds=_finite(status.window_seconds),
        next_request_timestamp_seconds=_wall(status.next_request_at, clock),
        held_until_timestamp_seconds=_wall(status.held_until, clock),
        hold_reason=status.hold_reason,
    )


def _failure(note: FailureNote, clock: Clock) -> ReportedFailure:
    return ReportedFailure(
        timestamp_seconds=_wall(note.at, clock),
        interface=note.interface,
        reason=note.reason,
        fail_code=note.fail_code,
        message=note.message,
        advice=note.advice,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _wall(moment: float | None, clock: Clock) -> float | None:
    return None if _finite(moment) is None or moment is None else clock.wall(moment)
