"""Real-time values of the devices, each call for one type."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import REAL_TIME_TYPES, Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.type_form import TypeForm
from fusionsolar_exporter.refresh.batches.type_probes import KeptProbe, TypeProbes
from fusionsolar_exporter.refresh.blame import Remedy, Work
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.batched import KeptBatches
from fusionsolar_exporter.refresh.collectors.by_device import DeviceBatchCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.units import KeptUnit
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class KeptDeviceRealtime:
    """What state keeps of it."""

    batches: KeptBatches
    probes: Mapping[int, KeptProbe]
    type_as_text: bool
    type_form_proven: bool
    units: Mapping[int, KeptUnit] = field(default_factory=dict)
    """By device type, where the readings themselves have told it."""


class DeviceRealtimeCollector(DeviceBatchCollector):
    """Documented types in batches, undocumented ones after a probe that the far side answered."""

    name = CollectorName.DEVICE_REALTIME
    rank = 2
    interface = Interface.GET_DEV_REAL_KPI

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self._probes = TypeProbes()
        self._probed_last = False
        self._form = TypeForm()

    @override
    def fetched_at(self) -> Mapping[str, float]:
        return self.answers.devices_fetched_at()

    def kept(self) -> KeptDeviceRealtime:
        """What state keeps."""
        return KeptDeviceRealtime(
            batches=self.kept_batches(),
            probes=self._probes.kept(),
            type_as_text=self._form.as_text,
            type_form_proven=self._form.proven,
            units=self.answers.units.kept(),
        )

    def restore(self, kept: KeptDeviceRealtime) -> None:
        """Take over what was kept."""
        self.restore_batches(kept.batches)
        self._probes.restore(kept.probes)
        self._form.restore(as_text=kept.type_as_text, proven=kept.type_form_proven)
        self.answers.units.restore(kept.units)

    @override
    def types_to_ask(self, listed: Mapping[int, Sequence[str]], now: float) -> Collection[int]:
        """Undocumented types wait for their probe."""
        self._probes.sync(listed, now)
        return [type_id for type_id in listed if type_id in REAL_TIME_TYPES or self._probes.answered(type_id)]

    @override
    def next(self, now: float) -> Job | None:
        regular = super().next(now)
        if not self.limiter.limit(self.interface).calls:
            return None
        if regular is None or self._may_probe(regular, now):
            probe = self._probes.next(now)
            if probe is not None:
                return Job(self.interface, probe, now, probe.ids)
        return regular

    def job_of(self, type_id: int, now: float) -> Job | None:
        """A request for devices of one type, due or not; None where there are none to ask for."""
        kind = self.batches_of_type.get(type_id)
        if kind is None:
            probe = self._probes.due(type_id, now)
            return None if probe is None else Job(self.interface, probe, now, probe.ids)
        batch = min(kind.all, key=lambda batch: batch.due(self.step), default=None)
        return None if batch is None else Job(self.interface, batch, batch.due(self.step), batch.turn())

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[Reading]]:
        return client.device_readings(job.batch.device_type, job.ids, type_as_text=self._form.as_text)

    @override
    def started(self, job: Job, moment: float) -> None:
        """A probe is no part of a sweep."""
        self._probed_last = job.batch in self._probes
        if self._probed_last:
            job.batch.started(moment)
        else:
            super().started(job, moment)

    @override
    def accept(self, job: Job, content: Items[Reading], started: float, ended: float) -> bool:
        if job.batch in self._probes:
            if not content.items:
                self._probes.refused(job.batch, ended)
                return True
            self._probes.accepted(job.batch)
            self.lists_changed(ended)
            for batch in self.batches_of_type[job.batch.device_type].all:
                if set(batch.ids) <= set(job.ids):
                    batch.started(started)
                    batch.turn_of = self.sweeps.number
            self.context.log.info("undocumented device type answers", device_type_id=job.batch.device_type)
        else:
            self.answered(job.batch)
            self._form.keep(self.batches_of_type)
            if self._form.answered(job.batch.device_type, empty=not content.items):
                job.batch.retry_at = ended
        self.answers.device_readings(job.ids, content.items, self.freshness(started))
        return True

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        if not self._probed_last:
            super().finished(job, answered=answered, ended=ended)

    @override
    def work_of(self, job: Job) -> Work:
        return Work.PROBE if job.batch in self._probes else Work.BATCH

    def probe_refused(self, job: Job, ended: float) -> None:
        """The probe says something of its type alone: it is asked again much later."""
        self._probes.refused(job.batch, ended)

    @override
    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        if remedy is not Remedy.ASK_LISTS:
            self._form.refused()
        return super().refused(job, remedy, error, ended)

    @override
    def auto_interval(self) -> float:
        return cadence.real_time_interval(self.limiter.limit(self.interface), self.calls_needed())

    def _may_probe(self, regular: Job, now: float) -> bool:
        """A probe takes the place of a regular batch from the second sweep on, but never of two in a row.

        In the first sweep it goes only where every batch has been asked and quota is left.
        """
        if self.sweeps.finished == 0:
            return all(batch.last_start is not None for batch in self.batches()) and regular.due > now
        return not self._probed_last or regular.due > now
