"""Active alarms of the plants, asked from the beginning of time or, where the server refuses that, in windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from weakref import WeakKeyDictionary

from typing_extensions import override

from fusionsolar_exporter.cache import AlarmWindow
from fusionsolar_exporter.config import AlarmsConfig
from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import DAY, HOUR, Interface
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL, Alarm, Severity
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.blame import Remedy
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.batched import KeptBatches
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName

_AHEAD = DAY  # clocks differ and plants lie in other time zones
_LONGEST_SPAN = 31 * DAY
_FARTHEST_BACK = 365 * DAY - HOUR  # an hour for clocks that differ


@dataclass(frozen=True, slots=True)
class KeptAlarms:
    """What state keeps of it."""

    batches: KeptBatches
    in_windows: bool
    whole_again_at: Moment | None
    """When the whole time is tried again; None where it is asked anyway."""


class AlarmsCollector(PlantBatchCollector):
    """One sweep asks each batch of plants once; in windows, one sweep is a turn through all of them."""

    name = CollectorName.ALARMS
    rank = 4
    interface = Interface.GET_ALARM_LIST

    def __init__(
        self,
        context: AccountContext,
        limiter: RateLimiter,
        inventory: Inventory,
        answers: AcceptedAnswers,
        far_clock: FarClock,
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self._far_clock = far_clock
        # where each batch is in its turn through the windows, 0 where it has none; an entry goes with its batch
        self._calls_made: WeakKeyDictionary[Batch, int] = WeakKeyDictionary()
        self._in_windows = False
        self._whole_again_at = -inf
        self._told_windows = False
        self._asked = AlarmWindow(0.0, 0.0)

    def kept(self) -> KeptAlarms:
        """What state keeps."""
        return KeptAlarms(self.kept_batches(), self._in_windows, self._whole_again_at if self._in_windows else None)

    def restore(self, kept: KeptAlarms) -> None:
        """Take over what was kept."""
        self.restore_batches(kept.batches)
        self._in_windows = kept.in_windows
        self._whole_again_at = -inf if kept.whole_again_at is None else kept.whole_again_at

    @property
    def step(self) -> float:
        """Seconds between two calls for one batch of plants."""
        return self.interval / self._calls_of_a_turn()

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[Alarm]]:
        self._asked = self._window(self._calls_made.get(job.batch, 0), self._far_clock.now())
        return client.alarms(
            job.ids,
            begin=self._asked.begin,
            end=self._asked.end,
            language=self.context.settings.account.language,
            levels=tuple(sorted(self._settings.levels)),
        )

    @override
    def accept(self, job: Job, content: Items[Alarm], started: float, ended: float) -> bool:
        """No list at all is a failure, an empty one means that there are no alarms."""
        if content.null:
            self.retry_later(job.batch, ended)
            return False
        self.answered(job.batch)
        severities = {SEVERITY_OF_LEVEL[level] for level in self._settings.levels} | {Severity.UNKNOWN}
        wanted = [alarm for alarm in content.items if alarm.severity in severities]
        self.answers.alarms(job.ids, wanted, self._asked, self.freshness(started))
        self._calls_made[job.batch] = (self._calls_made.get(job.batch, 0) + 1) % self._calls_of_a_turn()
        return True

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        if not answered or self._calls_made.get(job.batch, 0) == 0:
            super().finished(job, answered=answered, ended=ended)

    @override
    def next(self, now: float) -> Job | None:
        if self._in_windows and now >= self._whole_again_at:
            # a turn through all windows takes hours: a server that has changed its mind is worth one call a day
            self._in_windows = False
            self._calls_made.clear()
        return super().next(now)

    @override
    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        if remedy is not Remedy.CUT_TIME or self._in_windows:
            return super().refused(job, Remedy.RETRY if remedy is Remedy.CUT_TIME else remedy, error, ended)
        self._in_windows = True
        self._whole_again_at = ended + DAY
        job.batch.retry_at = ended
        if not self._told_windows:
            self._told_windows = True
            self.context.log.info(
                "the server limits the time of alarm requests: asking in windows, and the whole once a day",
                account=self.context.settings.name,
                fail_code=error.fail_code,
                windows=self._windows(),
            )
        return ()

    @override
    def forgive(self, now: float) -> None:
        super().forgive(now)
        self._whole_again_at = now

    @override
    def calls_needed(self) -> int:
        return super().calls_needed() * self._calls_of_a_turn()

    @override
    def auto_interval(self) -> float:
        device_window = self.limiter.limit(Interface.GET_DEV_REAL_KPI).window
        return cadence.alarm_interval(self.limiter.limit(self.interface), self.calls_needed(), device_window)

    @property
    def _settings(self) -> AlarmsConfig:
        return self.context.settings.collectors.alarms

    def _back(self) -> float:
        """Seconds to look back."""
        lookback = self._settings.lookback
        return min(inf if lookback is None else lookback, _FARTHEST_BACK if self._in_windows else inf)

    def _windows(self) -> int:
        return ceil((self._back() + _AHEAD) / _LONGEST_SPAN) if self._in_windows else 1

    def _calls_of_a_turn(self) -> int:
        """Every second call goes to the newest window."""
        return max(1, 2 * (self._windows() - 1))

    def _window(self, call: int, now: float) -> AlarmWindow:
        """The window of a call of the turn: newest, second, newest, third, and so on. Unix seconds."""
        index = 0 if call % 2 == 0 else (call + 1) // 2
        oldest = max(now - self._back(), 0.0)
        if not self._in_windows:
            return AlarmWindow(oldest, now + _AHEAD)
        end = now + _AHEAD - index * _LONGEST_SPAN
        return AlarmWindow(max(end - _LONGEST_SPAN, oldest), end, index, self._windows())
