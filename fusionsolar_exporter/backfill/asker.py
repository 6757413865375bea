"""Asks for the past of one account, behind the live exporter's needs: it leads the account for one request each."""

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

from fusionsolar_exporter.backfill.collector import HistoryCollector
from fusionsolar_exporter.backfill.planner import OLDEST_HISTORY, Holdings
from fusionsolar_exporter.backfill.report import Allowance
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import Concern, fail_code_row
from fusionsolar_exporter.northbound.interfaces import HOUR, Interface
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.pacing.clock import moment_of
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.choice import choose
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.refresh.units import UnitsByEvidence
from fusionsolar_exporter.state import NotLeadingError
from fusionsolar_exporter.state.store import LOOK_SECONDS
from fusionsolar_exporter.status import CollectorName

_HANDOVER = 60.0  # seconds for whoever leads: a request in flight, and a look around
_LIVE_SOON = 3.0  # seconds; what the exporter asks so soon goes first
_LONGEST_POLITENESS = 60.0  # seconds
_SHORTLY = 120.0  # seconds
_LISTS = 2 * HOUR
_NOT_FOUND = 404
_ABOUT_IDS = frozenset({Concern.IDS, Concern.TYPE, Concern.OWNER})


class Verdict(Enum):
    """What became of a request."""

    ANSWERED = auto()
    LATER = auto()
    """It is asked again when the interface allows it."""
    REFUSED = auto()
    """The far side does not know one of its ids, or none of them has such data."""
    REJECTED = auto()
    """The far side does not like this request, for a reason of its own."""
    TOO_OLD = auto()
    """The far side does not keep data for so long."""
    FORBIDDEN = auto()
    """The interface is not permitted."""
    MISSING = auto()
    """The far side does not have the interface."""


class LeadError(Exception):
    """Nobody let go of the account, or the state cannot be reached."""


class Asker:
    """One account. ``own_calls`` are the moments (Unix seconds) of its calls by interface, kept from run to run."""

    def __init__(
        self, engine: Engine, own_calls: dict[Interface, list[float]], stop: threading.Event, *, shared: bool
    ) -> None:
        self.engine = engine
        self.own_calls = own_calls
        self._clock = engine.context.clock
        self._stop = stop
        self._shared = shared
        self._collector = HistoryCollector(engine.context, engine.limiter)
        # not the engine's own findings: the past may have had another unit, and must not deny what live readings say
        self._units = UnitsByEvidence(engine.context, engine.inventory)
        self._units.restore(engine.answers.units.kept())
        self._batches: dict[str, Batch] = {}
        self._waits_since: float | None = None
        self._unasked: tuple[CollectorName, float] | None = None
        """What was due for all of a wait, by when it was: as long as it stays so, no exporter runs."""

    def holdings(self) -> Holdings:
        """Plants and devices as last listed."""
        inventory = self.engine.inventory
        account = self.engine.context.settings.account
        return Holdings(inventory.plants, inventory.devices, self.engine.collectors.zones, account.device_types)

    def lists(self) -> bool:
        """Have the lists, from state or else from the far side; whether plants are known, and their devices."""
        self._lead()
        try:
            self.engine.forgive()  # somebody may have given a permission since the last run
            for collector in self.engine.collectors.lists:
                while not self._known(collector) and self._ask_list(collector):
                    self.engine.replan()
                    self.engine.store.save()
        finally:
            self._release()
        return bool(self.engine.inventory.plants) and all(map(self._known, self.engine.collectors.lists))

    def _known(self, collector: Collector) -> bool:
        inventory = self.engine.inventory
        if collector is self.engine.collectors.plant_list:
            return inventory.plants_listed_at is not None
        return all(code in inventory.devices_listed_at for code in inventory.plants)

    def _ask_list(self, collector: Collector) -> bool:
        """Ask for a list when its limits allow it; whether it makes sense to go on."""
        job, limiter = collector.next(self._clock.now()), self.engine.limiter
        if job is None or not self._pause_until(
            max(job.due, limiter.earliest(job.interface), limiter.next_gap), _LISTS
        ):
            return False
        if not self._logged_in():
            return False
        self.engine.perform(collector, job)
        return True

    def ready_at(self, interface: Interface) -> float:
        """The first moment at which a request for the past may be sent, as far as is known here."""
        limiter = self.engine.limiter
        return max(limiter.earliest(interface), limiter.next_gap, self._spare_at(interface))

    def allowance(self, interface: Interface) -> Allowance:
        """What is left for the past when the exporter has had its part."""
        limit = self.engine.limiter.limit(interface)
        return Allowance(self._spare(interface), limit.window, limit.spacing)

    def ask(self, request: HistoryRequest) -> tuple[Verdict, Sequence[DatedReading]]:
        """Send one request, if it may be sent now."""
        key = request.key
        if request.interface is Interface.GET_DEV_HISTORY_KPI:
            # what the far side still kept when the plan was made may be gone days later
            kept_since = self._clock.wall(self._clock.now()) - OLDEST_HISTORY
            if request.end <= kept_since:
                return Verdict.TOO_OLD, ()
            request = replace(request, begin=max(request.begin, kept_since))
        try:
            self._lead()
            now = self._clock.now()
            if self.ready_at(request.interface) > now or self._live_goes_first(now) or not self._logged_in():
                return Verdict.LATER, ()
            batch = self._batches.setdefault(key, Batch(list(request.ids), created=now))
            batch.device_type = request.device_type
            self.own_calls.setdefault(request.interface, []).append(self._clock.wall(now))
            error = self.engine.perform(self._collector, self._collector.job(request, batch))
            self.engine.store.save()
        except NotLeadingError:
            return Verdict.LATER, ()
        finally:
            self._release()
        if error is None:
            self._batches.pop(key, None)
            return Verdict.ANSWERED, self._units.apply(self._collector.rows)
        return _verdict(error), ()

    def _spare(self, interface: Interface) -> int:
        """Calls of a window that the exporter does not need."""
        limit = self.engine.limiter.limit(interface)
        needed = 0
        for report in self.engine.collectors.reports:
            if report.enabled and report.interface is interface and self._shared:
                regular = math.ceil(limit.window / report.interval) * report.calls_needed() if report.interval else 0
                needed += regular + report.boundary_calls()
        return max(limit.calls - needed, 1)

    def _spare_at(self, interface: Interface) -> float:
        limit = self.engine.limiter.limit(interface)
        wall = self._clock.wall(self._clock.now())
        own = [moment for moment in self.own_calls.get(interface, ()) if moment > wall - limit.window]
        self.own_calls[interface] = own
        spare = self._spare(interface)
        return -math.inf if len(own) < spare else moment_of(self._clock, own[-spare] + limit.window)

    def _live_goes_first(self, now: float) -> bool:
        """Whether the exporter is about to ask something: its data must not become older for the past's sake."""
        if not self._shared:
            return False
        chosen, wake = choose(self.engine.collectors.all, self.engine.limiter, now)
        due = None if chosen is None else (chosen[0].name, chosen[1].due)
        nothing_soon = due is None and wake > now + _LIVE_SOON
        if nothing_soon or (due is not None and due == self._unasked):
            self._waits_since = None
            return False
        self._waits_since = now if self._waits_since is None else self._waits_since
        if now - self._waits_since > _LONGEST_POLITENESS:  # an exporter that always has something to ask, or none
            self._waits_since, self._unasked = None, due
            return False
        return True

    def _lead(self) -> None:
        """Have whoever leads the account give it up; NotLeadingError where the run is ended meanwhile."""
        store, until = self.engine.store, self._clock.now() + _HANDOVER
        while True:
            store.request_handover()
            self.engine.take_part()
            if store.leads:
                return
            if self._stop.is_set():
                self._release()
                raise NotLeadingError
            if self._clock.now() >= until:
                self._release()
                raise LeadError("another process did not let go of the account, or the state cannot be reached")
            self._clock.wait(self._stop, LOOK_SECONDS)

    def _release(self) -> None:
        if self.engine.store.keeps:
            self.engine.store.release()

    def _logged_in(self) -> bool:
        """Whether there is a session, after a login where that is needed and allowed. Called when the gap is over."""
        session, now = self.engine.session, self._clock.now()
        session.look(now)
        if session.auth(now) is not None:
            return True
        if session.earliest() > now:
            return False
        error = self.engine.login()
        self.engine.store.save()
        return error is None and self._pause_until(self.engine.limiter.next_gap)

    def _pause_until(self, at: float, longest: float = _SHORTLY) -> bool:
        """Wait for a moment that comes soon enough; whether it has come."""
        while (now := self._clock.now()) < at:
            if self._stop.is_set() or at - now > longest:
                return False
            self._clock.wait(self._stop, min(at - now, LOOK_SECONDS))
            if not self.engine.store.still_leads():
                raise NotLeadingError
        return True


def _verdict(error: NorthboundError) -> Verdict:
    if error.http_status == _NOT_FOUND:
        return Verdict.MISSING
    concern = fail_code_row(error.fail_code).concern if error.fail_code else None
    if concern in _ABOUT_IDS:
        return Verdict.REFUSED
    if concern is Concern.TIME:
        return Verdict.TOO_OLD
    return {Reason.PERMISSION: Verdict.FORBIDDEN, Reason.REJECTED: Verdict.REJECTED}.get(error.reason, Verdict.LATER)
