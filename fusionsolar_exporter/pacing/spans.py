"""The newest calls of one interface, and how far apart they were."""

from collections import deque

_REMEMBERED = 512  # more than any window's count that matters


class Spans:
    """Moments of calls, and of those among them that were answered; in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque(maxlen=_REMEMBERED)
        self._answers: deque[float] = deque(maxlen=_REMEMBERED)

    def called(self, moment: float) -> None:
        """A call is sent."""
        self._calls.append(moment)

    def unsent(self) -> None:
        """The newest call was not sent, or not counted."""
        if self._calls:
            self._calls.pop()

    def answered(self, moment: float) -> None:
        """The call that was sent then is answered."""
        self._answers.append(moment)

    @property
    def before_last_call(self) -> float | None:
        """When the one before was sent."""
        return self._calls[-2] if len(self._calls) > 1 else None

    def within(self, window: float) -> int:
        """How many calls the window before the newest call holds, without that one."""
        return sum(moment > self._calls[-1] - window for moment in self._calls) - 1 if self._calls else 0

    def of_calls(self, count: int) -> float:
        """Seconds a call over the newest so many, refused ones included; 0 where nothing is known."""
        return _pace(self._calls, count)

    def of_answers(self, count: int) -> float:
        """Seconds a call over the newest so many that were answered; 0 where nothing is known."""
        return _pace(self._answers, count)


def _pace(moments: deque[float], count: int) -> float:
    known = min(count, len(moments) - 1)
    return (moments[-1] - moments[-1 - known]) / known if known > 0 else 0.0
