"""Who is logged in: one session a user, tokens of thirty minutes, locks after wrong passwords (9.1.1)."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest

from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

TOKEN_SECONDS = 1800.0
LOCK_SECONDS = 1800.0
FAILURE_SECONDS = 600.0
FAILURES_TO_LOCK = 5


@dataclass(slots=True)
class _User:
    password: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_until: float = 0.0
    failures: list[float] = field(default_factory=list)
    locked_until: float = 0.0


class Sessions:
    """The users by name. Times are Unix seconds, durations last ``scale`` times as long as documented.

    Safe for threads.
    """

    def __init__(self, users: Mapping[str, str], scale: float = 1.0) -> None:
        self._users = {name: _User(password) for name, password in users.items()}
        self._scale = scale
        self._lock = threading.Lock()

    def login(self, name: str, password: str, at: float) -> str:
        """Return a new token; it ends the user's old one. Refuses with 20400, and with 20403 while locked."""
        with self._lock:
            return self._login(name, password, at)

    def user_of(self, token: str, at: float) -> str:
        """Return the name of the user to whom a valid token belongs; refuses with 305."""
        with self._lock:
            for name, user in self._users.items():
                if user.token is not None and user.token == token and at < user.token_until:
                    return name
        raise Refusal(FailCode.NOT_LOGGED_IN)

    def known(self, name: str) -> bool:
        """Return whether there is such a user."""
        return name in self._users

    def end(self, name: str) -> None:
        """End a user's session at once."""
        with self._lock:
            self._users[name].token = None

    def end_all(self) -> None:
        """End every session, as a restart of the management system does."""
        with self._lock:
            for user in self._users.values():
                user.token = None

    def change_password(self, name: str, password: str) -> None:
        """Give a user another password; a session goes on."""
        with self._lock:
            self._users[name].password = password

    def _login(self, name: str, password: str, at: float) -> str:
        user = self._users.get(name)
        if user is None:
            raise Refusal(FailCode.WRONG_CREDENTIALS)
        if at < user.locked_until:
            raise Refusal(FailCode.LOGIN_RESTRICTED)
        if not compare_digest(password.encode(errors="replace"), user.password.encode()):
            self._note_failure(user, at)
            raise Refusal(FailCode.WRONG_CREDENTIALS)
        user.failures.clear()
        user.token = f"x-{secrets.token_hex(32)}"
        user.token_until = at + TOKEN_SECONDS * self._scale
        return user.token

    def _note_failure(self, user: _User, at: float) -> None:
        recent = [failure for failure in user.failures if at - failure < FAILURE_SECONDS * self._scale]
        user.failures = [*recent, at]
        if len(user.failures) >= FAILURES_TO_LOCK:
            user.failures.clear()
            user.locked_until = at + LOCK_SECONDS * self._scale
