"""From what state holds to an account: after a restart, and while another process leads."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.northbound.interfaces import DAY, Interface
from fusionsolar_exporter.power_curves import PowerCurves
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.energy_counting import EnergyCounting
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence import account_record, counters_record, power_record
from fusionsolar_exporter.refresh.persistence.account_record import ACCOUNT, CALLS, AccountRecord, kind_of
from fusionsolar_exporter.refresh.persistence.counters_record import COUNTERS_KEY
from fusionsolar_exporter.refresh.persistence.records import (
    ALARMS,
    DEVICE_LIST,
    PLANT_LIST,
    REPORTS,
    Aged,
    DatedRecord,
    DeviceListRecord,
    PlantListRecord,
    UnreadableRecordError,
    read_readings,
)
from fusionsolar_exporter.refresh.persistence.token_reader import TokenReader
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.state import Kept
from fusionsolar_exporter.status import REPORTS as REPORT_NAMES
from fusionsolar_exporter.status import CollectorName

_CLOCKS_AGREE = 1.0  # seconds
_FARTHEST = 8 * DAY  # nothing is put off for longer, whatever an odd entry says
_LISTS = frozenset({CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST})


@dataclass(frozen=True, slots=True)
class AccountReader:
    """What cannot be read is left out, with a warning."""

    context: AccountContext
    limiter: RateLimiter
    inventory: Inventory
    cache: Cache
    counting: EnergyCounting
    session: Session
    tokens: TokenReader
    status_builder: StatusBuilder
    collectors: Collectors
    power_curves: PowerCurves

    def take(self, entries: Sequence[Kept]) -> None:
        """Take over what others have kept, oldest first; nothing in it ends a start."""
        # first, since the cache refuses whatever belongs to a plant or device that no list names
        self._take_lists([kept for kept in entries if kind_of(kept) in _LISTS])
        # before the readings, which show what is counted by then
        for kept in sorted(entries, key=lambda kept: kind_of(kept) != COUNTERS_KEY):
            self._take_guarded(kept)
        if entries:
            # last: batches are planned from when each id was asked, which only the answers say
            now = self.context.clock.now()
            for collector in self.collectors.all:
                collector.resume(now)

    def take_beside(self, entries: Sequence[Kept]) -> None:
        """Take over what was kept before this process began, which has asked since without having read it."""
        for kept in entries:
            try:
                if kind_of(kept) == account_record.CALLS_KEY:
                    self._take_calls(kept, beside=True)
                elif kind_of(kept) == account_record.TOKENS_KEY and self.session.tokens is None:
                    self._take(kept)
            except Exception as error:  # noqa: BLE001 - as above
                self._unreadable(kept, error)

    def take_waiting(self) -> bool:
        """Take over what waits for a key, where that has come back; whether anything was tried."""
        kept = self.tokens.due()
        if kept is not None:
            self._take_guarded(kept)
        return kept is not None

    def presume_asked(self) -> None:
        """Nobody knows what was asked: everything may just have been."""
        now = self.context.clock.now()
        for interface in Interface:
            self.limiter.presume(interface, now)

    def _take_lists(self, entries: Sequence[Kept]) -> None:
        plants: list[tuple[PlantListRecord, Freshness]] = []
        devices: list[tuple[DeviceListRecord, Freshness]] = []
        for kept in entries:
            try:
                if kind_of(kept) == CollectorName.PLANT_LIST:
                    plant_list, _ = PLANT_LIST.read(kept.value, self._aged(kept))
                    plants.append((plant_list, self._freshness(kept, plant_list)))
                else:
                    device_list, _ = DEVICE_LIST.read(kept.value, self._aged(kept))
                    devices.append((device_list, self._freshness(kept, device_list)))
            except Exception as error:  # noqa: BLE001 - as above
                self._unreadable(kept, error)
        if not plants and not devices:
            return
        # plants before devices, and both before the cache: each refuses what the one before it does not name
        for plant_list, freshness in plants:
            self.inventory.add_plants(plant_list.plants)
            self.inventory.keep_plants((plant.code for plant in plant_list.plants), freshness.fetched_at)
        self.inventory.set_device_lists(
            (device_list.plant_codes, device_list.devices, freshness.fetched_at) for device_list, freshness in devices
        )
        self.cache.know(self.inventory.plants, self.inventory.devices)
        for plant_list, freshness in plants:
            self.cache.list_plants((plant.code for plant in plant_list.plants), freshness)
        for device_list, freshness in devices:
            self.cache.list_devices(device_list.plant_codes, (device.id for device in device_list.devices), freshness)

    def _take_guarded(self, kept: Kept) -> None:
        try:
            self._take(kept)
        except Exception as error:  # noqa: BLE001 - whatever odd things are in it
            self._unreadable(kept, error)

    def _take(self, kept: Kept) -> None:
        match kind_of(kept):
            case account_record.CALLS_KEY:
                self._take_calls(kept)
            case account_record.ACCOUNT_KEY:
                self._take_account(kept)
            case counters_record.COUNTERS_KEY:
                self.counting.take_over(_counted_by(kept), counters_record.read_counters(kept.value))
            case power_record.POWER_KEY:
                clock = self.context.clock
                self.power_curves.restore(power_record.read_power(kept.value), clock.wall(clock.now()))
            case account_record.TOKENS_KEY:
                self.tokens.take(kept)
            case _ if not _is_from_the_future(kept):
                self._take_answer(kept)

    def _take_answer(self, kept: Kept) -> None:
        match kind_of(kept):
            case CollectorName.ALARMS:
                alarms, _ = ALARMS.read(kept.value, self._aged(kept))
                freshness = self._freshness(kept, alarms)
                self.cache.replace_alarms(alarms.plant_codes, alarms.alarms, alarms.window, freshness)
            case CollectorName.PLANT_REALTIME:
                head, readings = read_readings(kept.value, self._aged(kept))
                freshness = self._freshness(kept, head)
                self.cache.read_plants(self.counting.with_totals(CollectorName.PLANT_REALTIME, readings), freshness)
                self.collectors.plant_realtime.went_unanswered(head.unanswered, freshness.fetched_at)
            case CollectorName.DEVICE_REALTIME:
                head, readings = read_readings(kept.value, self._aged(kept))
                freshness = self._freshness(kept, head)
                self.cache.read_devices(self.counting.with_totals(CollectorName.DEVICE_REALTIME, readings), freshness)
                self.collectors.device_realtime.went_unanswered(head.unanswered, freshness.fetched_at)
            case CollectorName.INVERTER_CONVERGENCE:
                head, readings = read_readings(kept.value, self._aged(kept))
                found = tuple(readings)
                asked = [*(reading.id for reading in found), *head.unanswered]
                self.cache.read_convergence(asked, found, self._freshness(kept, head))
            case name if name in REPORT_NAMES:
                reports, _ = REPORTS.read(kept.value, self._aged(kept))
                freshness = self._freshness(kept, reports)
                collector = CollectorName(name)
                self.cache.read_reports(collector, reports.period, reports.rows, freshness.expires_at)
                if reports.running:
                    self.cache.fetched_reports(collector, [row.id for row in reports.rows], freshness)

    def _take_calls(self, kept: Kept, *, beside: bool = False) -> None:
        try:
            # no call of the past may count in the future, however clocks have jumped: nothing would ever be asked
            now = self.context.clock.now()
            record, moments = CALLS.read(kept.value, replace(self._aged(kept), latest=now))
            ledgers = len(moments) - record.daily
            self.limiter.ledger.restore(record.calls, moments[:ledgers], beside=beside)
            self.limiter.ledger.presume_ended(now, self.context.settings.account.timeout)
            own = self.limiter.daily.moments if beside else ()
            self.limiter.daily.moments = deque(sorted((*moments[ledgers:], *own)))
        except Exception:
            self.presume_asked()
            raise

    def _take_account(self, kept: Kept) -> None:
        try:
            record, _ = ACCOUNT.read(kept.value, self._aged(kept))
            self.status_builder.restore(record.outcomes)
            self._restore(record)
        except Exception:
            self.presume_asked()
            raise

    def _restore(self, record: AccountRecord) -> None:
        for interface, hold in self.limiter.holds.items():
            hold.restore(record.holds.get(interface))
        self.limiter.paces.restore(record.paces)
        self.limiter.daily.learnt = record.budget
        self.collectors.plant_list.restore(record.collectors.plant_list)
        self.collectors.device_list.restore_batches(record.collectors.device_list)
        self.collectors.plant_realtime.restore_batches(record.collectors.plant_realtime)
        self.collectors.device_realtime.restore(record.collectors.device_realtime)
        self.collectors.alarms.restore(record.collectors.alarms)
        for report in self.collectors.reports:
            if report.name in record.collectors.reports:
                report.restore(record.collectors.reports[report.name])
        self.collectors.zones.restore(record.collectors.zones)
        if record.collectors.inverter_convergence is not None:
            self.collectors.convergence.restore_batches(record.collectors.inverter_convergence)
        self.session.restore(record.session)

    def _aged(self, kept: Kept) -> Aged:
        now = self.context.clock.now()
        return Aged(now, kept.age, now + _FARTHEST)

    def _freshness(self, kept: Kept, head: DatedRecord) -> Freshness:
        """Over, where nobody knows how old it is: names are good for longer, values are not."""
        if _is_from_the_future(kept):
            return Freshness(self.context.clock.now() - head.ttl, head.ttl)
        return Freshness(head.fetched_at, head.ttl)

    def _unreadable(self, kept: Kept, error: Exception) -> None:
        self.context.log.warning(
            "what state holds under a key cannot be read: left out",
            account=self.context.settings.name,
            key=kept.key,
            error=str(error) if isinstance(error, UnreadableRecordError) else type(error).__name__,
        )


def _counted_by(kept: Kept) -> CollectorName:
    name = kept.key.split("/")[1]
    if name not in {CollectorName.PLANT_REALTIME, CollectorName.DEVICE_REALTIME}:
        raise UnreadableRecordError("counters of something else")
    return CollectorName(name)


def _is_from_the_future(kept: Kept) -> bool:
    return kept.age < -_CLOCKS_AGREE
