"""Undocumented device types: asked once, and again daily or weekly where they are refused."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.interfaces import DOCUMENTED_TYPES, IDS_PER_CALL
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.batches.batch import Batch

_WEEK = 7 * DAY
_DAILY_REFUSALS = 3


@dataclass(slots=True)
class _Probe:
    batch: Batch
    due: float
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class KeptProbe:
    """What state keeps of a type; ``due`` is None once the far side has answered for it."""

    due: Moment | None
    refusals: int


class TypeProbes:
    """What is known of the undocumented types. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._probes: dict[int, _Probe] = {}

    def __contains__(self, batch: Batch) -> bool:
        probe = self._probes.get(batch.device_type)
        return probe is not None and probe.batch is batch

    def sync(self, ids_by_type: Mapping[int, Sequence[str]], now: float) -> None:
        """Take these as the devices there are."""
        known = self._probes
        self._probes = {}
        for type_id, ids in ids_by_type.items():
            if type_id not in DOCUMENTED_TYPES:
                probe = known.get(type_id) or _Probe(Batch([], created=now, device_type=type_id), due=now)
                if probe.refusals and not set(probe.batch.ids) <= set(ids):
                    probe.due = min(probe.due, now)  # it may have been refused for a device that is gone
                probe.batch.ids = list(ids[:IDS_PER_CALL])
                self._probes[type_id] = probe

    def next(self, now: float) -> Batch | None:
        """The probe that is due first, if one is due."""
        due = [probe for probe in self._probes.values() if probe.due <= now]
        return min(due, key=lambda probe: probe.due).batch if due else None

    def due(self, type_id: int, now: float) -> Batch | None:
        """The probe of a type, if it is due."""
        probe = self._probes.get(type_id)
        return probe.batch if probe is not None and probe.due <= now else None

    def answered(self, type_id: int) -> bool:
        """Whether the far side has answered for the type."""
        probe = self._probes.get(type_id)
        return probe is not None and probe.due == math.inf

    def accepted(self, batch: Batch) -> None:
        """The probe was answered with data: the type becomes a regular one."""
        probe = self._probes[batch.device_type]
        probe.due = math.inf
        probe.refusals = 0

    def refused(self, batch: Batch, moment: float) -> None:
        """The probe was refused: again in a day, in a week from the third refusal on."""
        probe = self._probes[batch.device_type]
        probe.refusals += 1
        probe.due = moment + (DAY if probe.refusals < _DAILY_REFUSALS else _WEEK)

    def forgive(self, now: float) -> None:
        """Ask refused types again: at a reload something may have been put right."""
        for probe in self._probes.values():
            if not math.isinf(probe.due):
                probe.due = min(probe.due, now)

    def kept(self) -> dict[int, KeptProbe]:
        """What state keeps."""
        return {
            type_id: KeptProbe(None if math.isinf(probe.due) else probe.due, probe.refusals)
            for type_id, probe in self._probes.items()
        }

    def restore(self, kept: Mapping[int, KeptProbe]) -> None:
        """Take over what was kept."""
        for type_id, probe in kept.items():
            due = math.inf if probe.due is None else probe.due
            self._probes[type_id] = _Probe(Batch([], created=due, device_type=type_id), due, probe.refusals)
