"""How fast the far side really lets one interface be asked, learnt from its answers and refusals.

The model is a window and a count: at most ``count`` calls within ``count`` x ``pace`` seconds. An answer says that the
newest calls lay far enough apart, a refusal that they did not, and the truth is searched between the two. Calls are
spread evenly meanwhile, because an even pace uses all of any limit: of a longer window, of fewer calls, of a gap (a
count of one), of a bucket that fills evenly. ``docs/design.md`` has the picture.
"""

import math
from dataclasses import replace

from fusionsolar_exporter.pacing.learnt import LearntPace, documented_pace, slowest_pace
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace_evidence import Explanation
from fusionsolar_exporter.pacing.spans import Spans

_STEP = 1.15  # what was answered for a while and is refused now becomes slower by this at least
_STRAY, _STRAY_WINDOWS = 16, 6  # a refusal after so many answers, and so many windows of them, may be a stray one
_STRAY_AGAIN = 400  # where nothing is learnt, none may have been so lately
_SLOWER_AFTER_STRAY = 1.05
_UNUSED = 1.2  # an interface that is asked so much slower than its pace proves little by its answers
_JITTER = 1.0  # seconds by which the calls of a window may arrive closer than they started


class Pace:
    """One interface. Moments are in the pacing clock's seconds, those of calls are their starts."""

    def __init__(self) -> None:
        self._spans = Spans()
        self._learnt: LearntPace | None = None
        self._refusals = 0  # in a row
        self._answers = 0  # since the newest refusal
        self._tried = 0  # answers since the present pace is tried
        self._since_stray = _STRAY_AGAIN
        self._excused: LearntPace | None = None  # what the newest refusal taught, should it not be a stray one
        self._uneasy = False

    @property
    def learnt(self) -> LearntPace | None:
        """What is learnt, if anything."""
        return self._learnt

    @property
    def refusals(self) -> int:
        """How many calls were refused in a row."""
        return self._refusals

    def begin(self, known: Explanation, moment: float, limit: Limit) -> None:
        """Start from what earlier calls tell, the newest of which was refused."""
        floor, slowest = documented_pace(limit), slowest_pace(limit)
        self._refusals = 1
        self._learnt = LearntPace(known.count, floor, moment, refused=min(known.refused, slowest))
        if known.answered is not None:
            self._learnt = replace(self._learnt, answered=min(known.answered, slowest)).going_on(floor, moment)

    def earliest(self, last: float, limit: Limit) -> float:
        """The first moment at which the far side should answer another call, when the ``last`` one started then."""
        if self._learnt is None or self._learnt.answered is None:
            return -math.inf  # while every call is refused, pauses decide alone
        wait = self.seconds(limit)
        if self._refusals:
            wait = max(wait, self._learnt.recovery)
        return last + min(wait, slowest_pace(limit))

    def seconds(self, limit: Limit) -> float:
        """Seconds between two calls; 0 where nothing is learnt."""
        if self._learnt is None:
            return 0.0
        floor = documented_pace(limit)
        # what the limits allow has a margin of its own
        pace = self._learnt.pace + _JITTER / self._learnt.count if self._learnt.pace > floor else floor
        return min(pace, slowest_pace(limit))

    def ratio(self, limit: Limit) -> float:
        """How many times slower than its limit the interface is asked."""
        return max(self.seconds(limit) / documented_pace(limit), 1.0)

    def called(self, moment: float) -> None:
        """A call is sent."""
        self._spans.called(moment)

    def unsent(self) -> None:
        """The newest call was not sent, or the far side did not count it."""
        self._spans.unsent()

    def answered(self, moment: float, limit: Limit) -> None:
        """The call that was sent then is answered."""
        self._spans.answered(moment)
        self._answers += 1
        self._since_stray += 1
        refusals, self._refusals, self._excused = self._refusals, 0, None
        if self._learnt is None:
            return
        floor = documented_pace(limit)
        if refusals or self._learnt.answered is None:
            self._recovered(self._learnt, refusals, moment, limit)
        elif self._learnt.trying:
            self._tried += 1
            self._prove(self._learnt, floor, moment)
        elif self._learnt.pace > floor and moment >= self._learnt.learnt_at + self._learnt.until_probe():
            self._take(self._learnt.probe(floor, moment))

    def refused(self, moment: float, limit: Limit) -> None:
        """The call that was sent then is refused because it came too early."""
        answers, self._answers = self._answers, 0
        self._refusals += 1
        learnt = self._learnt
        if self._refusals > 1:
            if self._excused is not None:
                self._learnt = learnt = self._excused
                self._excused = None
            if learnt is not None and learnt.answered is None:
                doubtful = min(self._spans.of_calls(learnt.count), slowest_pace(limit))
                self._learnt = replace(learnt, doubtful=max(learnt.doubtful, doubtful))
        elif learnt is not None and learnt.trying and learnt.answered is not None:
            self._take(learnt.probe_refused().resting(learnt.answered, moment))
        else:
            self._surprised(answers, moment, limit)

    def excuse(self) -> None:
        """The newest refusal has another reason than the pace."""
        self._excused = None

    def forget(self) -> None:
        """The limits are others now: what was learnt of the old ones goes."""
        self._learnt = self._excused = None
        self._uneasy = False

    def restore(self, learnt: LearntPace | None) -> None:
        """Take over what was kept."""
        self.forget()
        self._learnt = learnt

    def _recovered(self, learnt: LearntPace, refusals: int, moment: float, limit: Limit) -> None:
        """The first answer after refusals."""
        before = self._spans.before_last_call
        if refusals > 1 and before is not None:
            learnt = replace(learnt, recovery=min(moment - before, slowest_pace(limit)))
        if learnt.answered is None:
            floor = documented_pace(limit)
            slower = _STEP * max(learnt.refused, floor)
            answered = max(self._spans.of_answers(learnt.count) or 2 * max(slower, learnt.doubtful), slower)
            learnt = replace(learnt, answered=min(answered, slowest_pace(limit)))
        self._take(learnt.going_on(documented_pace(limit), moment))

    def _prove(self, learnt: LearntPace, floor: float, moment: float) -> None:
        """The pace that is tried was answered once more."""
        unused = self._spans.of_answers(learnt.count) > _UNUSED * learnt.pace
        if self._tried < learnt.proof() * (3 if unused else 1):
            return
        self._uneasy = False
        doubtful = min(learnt.doubtful, learnt.pace)
        self._take(replace(learnt, answered=learnt.pace, doubtful=doubtful).going_on(floor, moment))

    def _surprised(self, answers: int, moment: float, limit: Limit) -> None:
        """What was answered for a while is refused."""
        learnt = self._learnt
        count = self._spans.within(limit.window)
        if learnt is not None or not 0 < count < limit.calls - 1:
            count = answers
        count = max(1, min(count, limit.calls))
        if learnt is None:
            refused = min(self._spans.of_calls(count), slowest_pace(limit))
            taught = LearntPace(count, documented_pace(limit), moment, refused=refused)
        else:
            taught = replace(
                learnt,
                count=count,
                refused=max(learnt.refused, learnt.pace),
                answered=None,
                recovery=0.0,
                trying=False,
                probing=False,
            )
        if learnt is None:
            stray = self._since_stray >= _STRAY_AGAIN
        else:
            stray = answers >= max(_STRAY, _STRAY_WINDOWS * learnt.count)
        if stray:
            self._since_stray = 0
            self._excused = taught
        if learnt is None or learnt.answered is None:
            if not stray:
                self._take(taught)
        elif stray:
            slower = min(learnt.answered * _SLOWER_AFTER_STRAY, slowest_pace(limit))
            self._take(replace(learnt, count=max(learnt.count, count), refused=taught.refused).resting(slower, moment))
        elif answers < learnt.count and not self._uneasy:
            self._uneasy = (
                True  # refused calls may count, and so the first window after a search is fuller than it seems
            )
            slower = min(learnt.answered * _STEP, slowest_pace(limit))
            self._take(replace(learnt, refused=taught.refused).resting(slower, moment))
        else:
            self._uneasy = False
            self._take(taught)

    def _take(self, learnt: LearntPace) -> None:
        if self._learnt is None or learnt.pace != self._learnt.pace:
            self._tried = 0
        self._learnt = learnt
