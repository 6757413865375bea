"""What is learnt about the pace of one interface: the record that state keeps, and the rules of thumb behind it."""

from dataclasses import dataclass, replace

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.pacing.holds import DAY, HOUR
from fusionsolar_exporter.pacing.limits import Limit

_NEAR = 1.3  # the search rests where the answered pace is at most so many times the refused one
_TOWARDS_ANSWERED = 0.55  # where between the two the next pace is tried: 0 is the refused one
_FASTER = 1.5  # step of a search that has only met answers
_BEYOND = 1.02  # a probe is so many times faster than what was refused last
_CALLS_A_PROBE = 34  # one refused among so many is 3 %
_FIRST_PATIENCE = 4 * HOUR
_PROOF_CALLS, _PROOF_SECONDS = 40, 3 * HOUR  # a bucket's savings hide for a while that a pace is too fast


@dataclass(frozen=True, slots=True)
class LearntPace:
    """Paces are seconds a call."""

    count: int
    """Calls that the far side's window seems to hold."""
    pace: float
    """What is asked now."""
    learnt_at: Moment
    """Moment of the newest change of ``pace``."""
    refused: float = 0.0
    """The slowest that was refused."""
    doubtful: float = 0.0
    """Slower ones, refused while the far side may still have held an earlier call against us."""
    answered: float | None = None
    """The fastest that was answered for a whole window; None while every call is refused."""
    trying: bool = False
    """Whether ``pace`` is faster than what was answered."""
    probing: bool = False
    """Whether that is to find out if a limit was loosened."""
    patience: float = 0.0
    """Seconds between two probes, as far as it has grown."""
    recovery: float = 0.0
    """Seconds that the far side needed to answer again after a refusal."""

    def rests_at(self, floor: float) -> bool:
        """Whether the interface is asked as fast as its limits allow, and that is answered."""
        return not self.trying and self.answered is not None and self.pace <= floor

    def resting(self, answered: float, moment: float) -> "LearntPace":
        """Ask as fast as was answered, and no faster for a while."""
        return replace(self, answered=answered, pace=answered, trying=False, probing=False, learnt_at=moment)

    def trying_at(self, pace: float, moment: float) -> "LearntPace":
        """Ask faster than was answered so far."""
        return replace(self, pace=pace, trying=True, learnt_at=moment)

    def going_on(self, floor: float, moment: float) -> "LearntPace":
        """The search after an answer: the next pace to try, or rest; ``floor`` is the fastest that the limits allow."""
        answered = floor if self.answered is None else max(self.answered, floor)
        if answered <= floor * 1.01:
            return self.resting(floor, moment)
        refused = max(self.refused, self.doubtful)
        if refused < floor and self.probing:
            return self.trying_at(max(answered / _FASTER, floor), moment)
        if answered > max(refused, floor) * _NEAR:
            between = max(refused, floor) ** (1 - _TOWARDS_ANSWERED) * answered**_TOWARDS_ANSWERED
            return self.trying_at(between, moment)
        if self.doubtful > max(self.refused, floor):
            return replace(self, doubtful=0.0).trying_at(max(self.doubtful / 1.1, floor), moment)
        if refused < floor:
            return self.trying_at(floor, moment)
        return self.resting(answered, moment)

    def probe(self, floor: float, moment: float) -> "LearntPace":
        """Try what was refused last, a little faster: the limit may have been loosened since."""
        answered = self.answered or self.pace
        faster = min(self.refused / _BEYOND, answered) if self.refused >= floor else answered / _NEAR
        return replace(self, probing=True, refused=0.0).trying_at(max(faster, floor), moment)

    def proof(self) -> float:
        """How many answers prove the pace that is tried."""
        window = self.count + (self.count > 1)
        return max(window, min(_PROOF_CALLS, _PROOF_SECONDS / self.pace)) if self.probing else window

    def until_probe(self) -> float:
        """Seconds that a pace rests until a faster one is tried."""
        calls = _CALLS_A_PROBE * self.pace
        return min(max(self.patience, 3 * calls, _FIRST_PATIENCE), max(DAY, 1.5 * calls))

    def probe_refused(self) -> "LearntPace":
        """The pace that was tried is too fast."""
        patience = 2 * self.until_probe() if self.probing else self.patience
        return replace(self, refused=max(self.refused, self.pace), patience=patience)


def documented_pace(limit: Limit) -> float:
    """Seconds a call that a limit allows in the long run."""
    return max(limit.window / max(limit.calls, 1), limit.spacing)


def slowest_pace(limit: Limit) -> float:
    """Seconds within which an interface is asked in any case, as far as its limit allows that."""
    return max(DAY if limit.window >= DAY else 6 * HOUR, documented_pace(limit))
