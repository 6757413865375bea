"""Failures that repeat, summed up: the first is logged at once, the rest in a line now and then."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fusionsolar_exporter.config.durations import format_duration
from fusionsolar_exporter.logs import EventLogger

_DAY = 86400.0
_PAUSES = (300.0, 1800.0, _DAY)
"""Seconds between the lines about one failure: 5 min, 30 min, then each day."""


@dataclass(slots=True)
class _Streak:
    """The failures of what was asked for one reason since it last succeeded."""

    since: float
    repeated: int
    lines: int
    next_line_at: float
    failing: dict[str, float]
    """When each of those that were asked failed last, until they are answered."""

    def is_over(self, asked: str, now: float) -> bool:
        """Whether nobody fails any more when this one is answered; who is asked no more does not count for ever."""
        self.failing.pop(asked, None)
        return all(moment < now - _DAY for moment in self.failing.values())


class RepeatedFailures:
    """What failed and has not succeeded since, by account, interface, what it was about, and reason.

    Safe from any thread. Where other batches of an interface are answered, the streak of one that always fails goes on,
    also where its failures speak of the whole interface: ``asked`` says whose they are.
    """

    def __init__(self, log: EventLogger, now: Callable[[], float]) -> None:
        """``now`` gives Unix seconds."""
        self._log = log
        self._now = now
        self._lock = threading.Lock()
        self._streaks: dict[tuple[str, str, str], dict[str, _Streak]] = {}

    def failed(
        self, account: str, interface: str, reason: str, *, about: str = "", asked: str = "", **fields: object
    ) -> None:
        """Count a failure, and log it where it is new or its next line is due; ``fields`` go into that line."""
        now, asked = self._now(), about or asked
        with self._lock:
            streaks = self._streaks.setdefault((account, interface, about), {})
            streak = streaks.get(reason)
            if streak is None:
                streaks[reason] = _Streak(now, repeated=0, lines=1, next_line_at=now + _PAUSES[0], failing={asked: now})
                summary: dict[str, object] = {}
            else:
                streak.repeated += 1
                streak.failing[asked] = now
                if now < streak.next_line_at:
                    return
                streak.next_line_at = now + _PAUSES[min(streak.lines, len(_PAUSES) - 1)]
                streak.lines += 1
                summary = {"repeated": streak.repeated, "since": _rfc3339(streak.since)}
        if about:
            fields["about"] = about
        msg = "request still fails" if summary else "request failed"
        self._log.warning(msg, account=account, interface=interface, reason=reason, **fields, **summary)

    def succeeded(self, account: str, interface: str, *, about: str = "", asked: str = "") -> None:
        """End the streaks about something; one line says how many failures there were, and for how long."""
        now, key = self._now(), (account, interface, about)
        with self._lock:
            streaks = self._streaks.get(key, {})
            ended = [streaks.pop(reason) for reason in list(streaks) if streaks[reason].is_over(about or asked, now)]
            if not streaks:
                self._streaks.pop(key, None)
        if ended:
            failures = sum(streak.repeated + 1 for streak in ended)
            lasted = format_duration(now - min(streak.since for streak in ended))
            self._log.info("recovered", account=account, interface=interface, failures=failures, lasted=lasted)


def _rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
