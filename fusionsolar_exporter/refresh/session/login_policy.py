"""When a login may be tried, so that no account is ever locked.

Refused credentials: one attempt, then none for ``login_pause`` or until they change. Other failures: back-off,
and at most two in a login window. Session that another program ends again and again: half of the quota.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.config import Credentials, RateLimits
from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.errors import DAY_LIMIT, TRANSPORT, NorthboundError, Reason
from fusionsolar_exporter.pacing.holds import HOUR, Hold, KeptHold
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.refresh.blame import Remedy, Work, blame
from fusionsolar_exporter.refresh.session.fingerprint import fingerprint, matches

_FAILURES_PER_WINDOW = 2
_EARLY_ENDS = 3  # sessions in a row
_SAFE_WRONG_PASSWORDS = 3  # in a window; the fifth locks the user, and people try passwords in the portal too


class Pause(StrEnum):
    """Why no login is tried."""

    NONE = ""
    CREDENTIALS = "credentials"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class KeptLoginPolicy:
    """Logins as state keeps them."""

    hold: KeptHold | None
    pause: Pause
    refused: str | None
    """Fingerprint of the refused credentials."""
    refusals: tuple[Moment, ...]
    failures: tuple[Moment, ...]
    last: Moment | None
    early_ends: int
    contended: bool
    succeeded_once: bool
    failed_at: Moment | None


class LoginPolicy:
    """Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._hold = Hold()
        self._pause = Pause.NONE
        self._refused: str | None = None  # fingerprint
        self._refusals: deque[float] = deque(maxlen=_SAFE_WRONG_PASSWORDS)
        self._failures: deque[float] = deque(maxlen=_FAILURES_PER_WINDOW)
        self._last = -math.inf
        self._failed_at: float | None = None
        self._early_ends = 0
        self.contended = False
        self.succeeded_once = False

    def pause(self, now: float) -> Pause:
        """Why no login is tried now; back-off after a failure of transport is no pause."""
        return self._pause if self._hold.until > now else Pause.NONE

    def earliest(self, limit: Limit) -> float:
        """The first moment at which a login may be tried, beside what the ledger says."""
        moments = [self._hold.until]
        if len(self._failures) == _FAILURES_PER_WINDOW:
            moments.append(self._failures[0] + limit.window)
        if len(self._refusals) == _SAFE_WRONG_PASSWORDS:
            moments.append(self._refusals[0] + limit.window)
        if self.contended:
            moments.append(self._last + limit.window / max(limit.calls // 2, 1))
        return max(moments)

    @property
    def held(self) -> Hold:
        """What holds logins beside the interface's own hold."""
        return self._hold

    @property
    def failed_at(self) -> float | None:
        """When the newest login failed; None where it did not, or a file was unreadable instead."""
        return self._failed_at

    def started(self, moment: float) -> None:
        """A login is sent."""
        self._last = moment

    def succeeded(self) -> None:
        """A session began."""
        self.succeeded_once = True
        self._hold.answered()
        self._pause = Pause.NONE
        self._refused = self._failed_at = None
        self._refusals.clear()

    def failed(
        self, error: NorthboundError, credentials: Credentials, moment: float, rates: RateLimits, limit: Limit
    ) -> None:
        """A login brought no session."""
        self._pause = Pause.OTHER
        self._failed_at = moment
        if error.reason is Reason.CREDENTIALS:
            self._pause = Pause.CREDENTIALS
            self._refusals.append(moment)
        if error.reason is Reason.CREDENTIALS or error.empty:
            self._refused = fingerprint(credentials)
            self._hold.pause(moment + rates.login_pause, error.message)
            return
        self._refused = None  # it is not the credentials that are waited for now
        self._failures.append(moment)
        if blame(error, Work.LOGIN, others_answered=False).remedy is Remedy.SLOW_DOWN:
            self._hold.rate_limited(
                moment, limit.window, error.message, at_least=HOUR if error.fail_code == DAY_LIMIT else 0
            )
            return
        if error.reason in TRANSPORT or error.html:
            self._pause = Pause.NONE
        self._hold.back_off(moment, rates.backoff, error.message, at_least=error.retry_after or 0.0)

    def credentials_unreadable(self, moment: float, message: str, again: float) -> None:
        """A file with credentials cannot be read: nothing is sent until it can."""
        self._pause = Pause.CREDENTIALS
        self._failed_at = None
        self._hold.pause(moment + again, message)

    def credentials_now(self, credentials: Credentials) -> bool:
        """Look whether credentials differ from the refused ones; ends the pause and says True where they do."""
        if self._refused is None or matches(self._refused, credentials):
            return False
        self._refused = None
        self._hold.answered()
        self._pause = Pause.NONE
        return True

    @property
    def refused(self) -> bool:
        """Whether the present pause waits for other credentials."""
        return self._refused is not None

    def session_ended(self, age: float, lifetime: float) -> bool:
        """A 305 ended a session of this age (seconds); True where the account has just become contended."""
        if age >= lifetime / 2:
            self.session_lives()
            return False
        self._early_ends += 1
        became = self._early_ends >= _EARLY_ENDS and not self.contended
        self.contended = self.contended or became
        return became

    def session_lives(self) -> None:
        """A session has lived for half of its lifetime: nobody else uses the account."""
        self._early_ends = 0
        self.contended = False

    def kept(self) -> KeptLoginPolicy:
        """What state keeps: no password."""
        return KeptLoginPolicy(
            self._hold.kept(),
            self._pause,
            self._refused,
            tuple(self._refusals),
            tuple(self._failures),
            None if math.isinf(self._last) else self._last,
            self._early_ends,
            self.contended,
            self.succeeded_once,
            self._failed_at,
        )

    def restore(self, kept: KeptLoginPolicy) -> None:
        """Take over what was kept."""
        self._hold.restore(kept.hold)
        self._pause, self._refused = kept.pause, kept.refused
        self._refusals = deque(kept.refusals, maxlen=_SAFE_WRONG_PASSWORDS)
        self._failures = deque(kept.failures, maxlen=_FAILURES_PER_WINDOW)
        self._last = -math.inf if kept.last is None else kept.last
        self._early_ends, self.contended, self.succeeded_once = kept.early_ends, kept.contended, kept.succeeded_once
        self._failed_at = kept.failed_at
