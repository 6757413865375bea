"""Keeps one account in its state, and takes over what the state holds: after a restart, and while another one leads."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.persistence.account_record import ACCOUNT, CALLS, AccountRecord, CallsRecord
from fusionsolar_exporter.refresh.persistence.journal import LONG
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
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.state import Entry, Kept, Partition
from fusionsolar_exporter.status import CollectorName

_CALLS, _ACCOUNT = "calls", "account"
_LISTS = frozenset({CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST})
_READINGS = frozenset({CollectorName.PLANT_REALTIME, CollectorName.DEVICE_REALTIME})


@dataclass(slots=True)
class AccountStore:
    """One account's way into its state and out of it."""

    desk: AccountContext
    sessions: Session
    standing: StatusBuilder
    collectors: Sequence[Collector]
    partition: Partition
    _calls_kept: int = -1

    def permit(self) -> None:
        """Keep the call that is about to be sent; NotLeadingError where it must not be."""
        if self.partition.keeps:
            changes = self.desk.ledger.changes
            self.partition.write((self._calls(self.desk.clock.now()),))
            self._calls_kept = changes

    def save(self) -> None:
        """Keep what a request has changed; NotLeadingError where another process has the account by now."""
        if not self.partition.keeps:
            return
        if self.partition.was_emptied():
            self._lists_again()
            self._calls_kept = -1
        now = self.desk.clock.now()
        changes = self.desk.ledger.changes
        calls = () if changes == self._calls_kept else (self._calls(now),)
        self.partition.write((*calls, self._account(now), *self.desk.journal.pending()))
        self._calls_kept = changes
        self.desk.journal.kept()

    def take_over(self) -> bool:
        """Take over what others have kept since the last time; whether there was anything."""
        new = self.partition.read_new()
        self.desk.journal.superseded(kept.key for kept in new)
        if self.partition.was_lost():
            self._presume_asked()
        self._take_lists([kept for kept in new if _kind(kept) in _LISTS])
        for kept in new:
            try:
                self._take(kept)
            except UnreadableRecordError as error:
                self._unreadable(kept, error)
        if new:
            now = self.desk.clock.now()
            for collector in self.collectors:
                collector.resume(now)
        return bool(new)

    def _take_lists(self, new: Sequence[Kept]) -> None:
        """The lists come first: whatever else is known belongs to a plant or a device of theirs."""
        plants: list[tuple[PlantListRecord, Freshness]] = []
        devices: list[tuple[DeviceListRecord, Freshness]] = []
        for kept in new:
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
        roster, cache = self.desk.roster, self.desk.cache
        for plant_list, freshness in plants:
            roster.add_plants(plant_list.plants)
            roster.keep_plants((plant.code for plant in plant_list.plants), freshness.fetched_at)
        roster.set_device_lists(
            (device_list.plant_codes, device_list.devices, freshness.fetched_at) for device_list, freshness in devices
        )
        self.desk.lists_changed()
        for plant_list, freshness in plants:
            cache.list_plants((plant.code for plant in plant_list.plants), freshness)
        for device_list, freshness in devices:
            cache.list_devices(device_list.plant_codes, (device.id for device in device_list.devices), freshness)

    def _take(self, kept: Kept) -> None:
        kind = _kind(kept)
        if kind == _CALLS:
            self._take_calls(kept)
        elif kind == _ACCOUNT:
            self._take_account(kept)
        elif kind == CollectorName.ALARMS:
            alarms, _ = ALARMS.read(kept.value)
            freshness = self._freshness(kept, alarms)
            self.desk.cache.replace_alarms(alarms.plant_codes, alarms.alarms, alarms.window, freshness)
        elif kind in _READINGS:
            head, readings = read_readings(kept.value)
            freshness = self._freshness(kept, head)
            read = self.desk.cache.read_plants if kind == CollectorName.PLANT_REALTIME else self.desk.cache.read_devices
            read(readings, freshness)
            self.desk.asked_in_vain(CollectorName(kind), head.unanswered, freshness.fetched_at)

    def _take_calls(self, kept: Kept) -> None:
        try:
            record, moments = CALLS.read(kept.value)
            at = self._at(kept, record.now)
            now = self.desk.clock.now()
            self.desk.ledger.restore(record.calls, moments, lambda moment: min(at(moment), now))
        except (UnreadableRecordError, ValueError):
            self._presume_asked()
            raise UnreadableRecordError("the calls are not known") from None

    def _take_account(self, kept: Kept) -> None:
        try:
            record, _ = ACCOUNT.read(kept.value)
            at = self._at(kept, record.now)
            self.standing.restore(record.standing, at)
        except (UnreadableRecordError, ValueError):
            self._presume_asked()
            raise UnreadableRecordError("the account is not known") from None
        for interface, hold in self.desk.holds.items():
            hold.restore(record.holds.get(interface), at)
        for collector in self.collectors:
            if collector.name in record.collectors:
                collector.restore(record.collectors[collector.name], at)
        self.sessions.restore(record.session, at)

    def _presume_asked(self) -> None:
        """Nobody knows what was asked: everything may just have been."""
        now = self.desk.clock.now()
        for interface in Interface:
            self.desk.ledger.start(interface, now, self.desk.limit(interface))

    def _lists_again(self) -> None:
        """The state was emptied; readings come anew soon, lists only after hours."""
        roster = self.desk.roster
        by_name = {collector.name: collector for collector in self.collectors}
        if roster.plants_listed_at is not None:
            freshness = by_name[CollectorName.PLANT_LIST].freshness(roster.plants_listed_at)
            self.desk.journal.plant_list(roster.listed, freshness)
        for moment, codes, devices in roster.device_lists():
            self.desk.journal.device_list(codes, devices, by_name[CollectorName.DEVICE_LIST].freshness(moment))

    def _at(self, kept: Kept, written: float) -> At:
        shift = self.desk.clock.now() - kept.age - written
        return lambda moment: moment + shift

    def _freshness(self, kept: Kept, head: DatedRecord) -> Freshness:
        return Freshness(self._at(kept, head.now)(head.fetched_at), head.ttl)

    def _unreadable(self, kept: Kept, error: UnreadableRecordError) -> None:
        self.desk.log.warning(
            "what state holds under a key cannot be read: left out",
            account=self.desk.settings.name,
            key=kept.key,
            error=str(error),
        )

    def _calls(self, now: float) -> Entry:
        calls, moments = self.desk.ledger.kept()
        return Entry(_CALLS, CALLS.write(CallsRecord(now, calls), moments), now, LONG)

    def _account(self, now: float) -> Entry:
        record = AccountRecord(
            now=now,
            holds={interface: kept for interface, hold in self.desk.holds.items() for kept in (hold.kept(),) if kept},
            session=self.sessions.kept(),
            standing=self.standing.kept(),
            collectors={collector.name: collector.kept() for collector in self.collectors},
        )
        return Entry(_ACCOUNT, ACCOUNT.write(record), now, LONG)


def _kind(kept: Kept) -> str:
    return kept.key.partition("/")[0]
