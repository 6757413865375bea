"""From what state holds to an account: after a restart, and while another process leads."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence import account_record
from fusionsolar_exporter.refresh.persistence.account_record import ACCOUNT, CALLS
from fusionsolar_exporter.refresh.persistence.records import (
    ALARMS,
    DEVICE_LIST,
    PLANT_LIST,
    At,
    DatedRecord,
    DeviceListRecord,
    PlantListRecord,
    UnreadableRecordError,
    read_readings,
)
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.state import Kept
from fusionsolar_exporter.status import CollectorName

_LISTS = frozenset({CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST})


@dataclass(frozen=True, slots=True)
class AccountReader:
    """What cannot be read is left out, with a warning."""

    context: AccountContext
    limiter: RateLimiter
    inventory: Inventory
    cache: Cache
    session: Session
    status_builder: StatusBuilder
    collectors: Collectors

    def take(self, entries: Sequence[Kept]) -> None:
        """Take over what others have kept, oldest first."""
        # first, since the cache refuses whatever belongs to a plant or device that no list names
        self._take_lists([kept for kept in entries if _kind(kept) in _LISTS])
        for kept in entries:
            try:
                self._take(kept)
            except UnreadableRecordError as error:
                self._unreadable(kept, error)
        if entries:
            # last: batches are planned from when each id was asked, which only the answers say
            now = self.context.clock.now()
            for collector in self.collectors.all:
                collector.resume(now)

    def presume_asked(self) -> None:
        """Nobody knows what was asked: everything may just have been."""
        now = self.context.clock.now()
        for interface in Interface:
            self.limiter.ledger.start(interface, now, self.limiter.limit(interface))

    def _take_lists(self, entries: Sequence[Kept]) -> None:
        plants: list[tuple[PlantListRecord, Freshness]] = []
        devices: list[tuple[DeviceListRecord, Freshness]] = []
        for kept in entries:
            try:
                if _kind(kept) == CollectorName.PLANT_LIST:
                    plant_list, _ = PLANT_LIST.read(kept.value)
                    plants.append((plant_list, self._freshness(kept, plant_list)))
                else:
                    device_list, _ = DEVICE_LIST.read(kept.value)
                    devices.append((device_list, self._freshness(kept, device_list)))
            except UnreadableRecordError as error:
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

    def _take(self, kept: Kept) -> None:
        match _kind(kept):
            case account_record.CALLS_KEY:
                self._take_calls(kept)
            case account_record.ACCOUNT_KEY:
                self._take_account(kept)
            case CollectorName.ALARMS:
                alarms, _ = ALARMS.read(kept.value)
                freshness = self._freshness(kept, alarms)
                self.cache.replace_alarms(alarms.plant_codes, alarms.alarms, alarms.window, freshness)
            case CollectorName.PLANT_REALTIME:
                head, readings = read_readings(kept.value)
                freshness = self._freshness(kept, head)
                self.cache.read_plants(readings, freshness)
                self.collectors.plant_realtime.went_unanswered(head.unanswered, freshness.fetched_at)
            case CollectorName.DEVICE_REALTIME:
                head, readings = read_readings(kept.value)
                freshness = self._freshness(kept, head)
                self.cache.read_devices(readings, freshness)
                self.collectors.device_realtime.went_unanswered(head.unanswered, freshness.fetched_at)

    def _take_calls(self, kept: Kept) -> None:
        try:
            record, moments = CALLS.read(kept.value)
            at = self._at(kept, record.now)
            now = self.context.clock.now()
            # no call of the past may count in the future, however clocks have jumped: nothing would ever be asked
            self.limiter.ledger.restore(record.calls, moments, lambda moment: min(at(moment), now))
        except (UnreadableRecordError, ValueError):
            self.presume_asked()
            raise UnreadableRecordError("the calls are not known") from None

    def _take_account(self, kept: Kept) -> None:
        try:
            record, _ = ACCOUNT.read(kept.value)
            at = self._at(kept, record.now)
            # first, since it is the one that can fail: nothing is taken over by halves
            self.status_builder.restore(record.outcomes, at)
        except (UnreadableRecordError, ValueError):
            self.presume_asked()
            raise UnreadableRecordError("the account is not known") from None
        for interface, hold in self.limiter.holds.items():
            hold.restore(record.holds.get(interface), at)
        self.limiter.paces.restore(record.paces, at)
        self.collectors.plant_list.restore(record.collectors.plant_list, at)
        self.collectors.device_list.restore_batches(record.collectors.device_list, at)
        self.collectors.plant_realtime.restore_batches(record.collectors.plant_realtime, at)
        self.collectors.device_realtime.restore(record.collectors.device_realtime, at)
        self.collectors.alarms.restore(record.collectors.alarms, at)
        self.session.restore(record.session, at)

    def _at(self, kept: Kept, written: float) -> At:
        # by the age that the backend gives, and not by the moments themselves: other machines count from elsewhere
        shift = self.context.clock.now() - kept.age - written
        return lambda moment: moment + shift

    def _freshness(self, kept: Kept, head: DatedRecord) -> Freshness:
        return Freshness(self._at(kept, head.now)(head.fetched_at), head.ttl)

    def _unreadable(self, kept: Kept, error: UnreadableRecordError) -> None:
        self.context.log.warning(
            "what state holds under a key cannot be read: left out",
            account=self.context.settings.name,
            key=kept.key,
            error=str(error),
        )


def _kind(kept: Kept) -> str:
    return kept.key.partition("/")[0]
