"""The session of one account, whichever way it begins: what a request carries, and when that may be renewed."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from fusionsolar_exporter.config import Credentials, CredentialsUnavailable
from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.asking import Asks
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.login_policy import KeptLoginPolicy, LoginPolicy, Pause
from fusionsolar_exporter.refresh.session.tokens import HeldTokens
from fusionsolar_exporter.refresh.session.waiting import Waiting
from fusionsolar_exporter.secret_text import SecretText
from fusionsolar_exporter.status import FailureNote

_LOOK_SECONDS = 60.0  # files with credentials are looked at so often while they are refused
_SECRETS_KEPT = 16  # of tokens, and of passwords: the far side may still speak of those that are over


@dataclass(frozen=True, slots=True)
class KeptSession:
    """The session as state keeps it; the tokens of OAuth have an entry of their own."""

    token: str | None = field(repr=False)
    began_at: Moment
    logins: KeptLoginPolicy


class Session(ABC):
    """One session at a time; moments are in the pacing clock's seconds."""

    interface: ClassVar[Interface]
    """What is asked to begin one."""
    unused: ClassVar[frozenset[Interface]]
    """What only the other way in has."""

    def __init__(self, context: AccountContext, limiter: RateLimiter) -> None:
        self.context = context
        self.limiter = limiter
        self.logins = LoginPolicy()
        self.began_at = 0.0
        """When the present session began."""
        self._looked_at = -_LOOK_SECONDS
        self._tokens_kept: dict[str, None] = {}
        self._passwords_kept: dict[str, None] = {}
        self._secret_text = SecretText()
        self._unavailable = ""
        self._told = ""
        self._first = True

    @property
    @abstractmethod
    def active(self) -> bool:
        """Whether there is a session, as far as we know."""

    @abstractmethod
    def auth(self, now: float) -> Auth | None:
        """What a request carries that is sent now; None where :meth:`begin` has to come first."""

    @abstractmethod
    def begin(self, requester: Asks) -> NorthboundError | None:
        """Begin a session now, where credentials can be read; what the far side says against it."""

    @abstractmethod
    def end(self, requester: Asks, until: float) -> None:
        """End the session before a moment, where the far side wants to be told."""

    @abstractmethod
    def ended(self, now: float) -> None:
        """The far side ended the session (305, 306, 307, HTTP 401)."""

    @abstractmethod
    def kept(self) -> KeptSession:
        """What state keeps."""

    @abstractmethod
    def restore(self, kept: KeptSession) -> None:
        """Take over what was kept."""

    @property
    def contended(self) -> bool:
        """Whether another program uses the account."""
        return self.logins.contended

    @property
    def ever(self) -> bool:
        """Whether any session has begun."""
        return self.logins.succeeded_once

    @property
    def tokens(self) -> HeldTokens | None:
        """What an owner's consent has brought, for state to keep."""
        return None

    def take_tokens(self, tokens: HeldTokens) -> None:  # noqa: B027 - only an owner's consent brings some
        """State holds these: from before a restart, or from another process."""

    def problem(self, now: float) -> FailureNote | None:
        """What stands against a session, though nothing was asked."""
        del now
        return None

    def pause(self, now: float) -> Pause:
        """Why no session is begun."""
        return self.logins.pause(now)

    def waiting(self, now: float) -> str:
        """Why no session begins and until when, in one sentence; empty where nothing stands against it."""
        held, at = self.logins.held, self.logins.failed_at
        if held.until <= now:
            return ""
        if at is None:
            return f"{held.reason}; it is read again once a minute"
        account = self.context.settings.account
        told = Waiting(
            f"the {self.interface} was refused" if self.logins.refused else f"the {self.interface} failed",
            held.reason,
            at,
            self.earliest(),
            account.changed_by if self.logins.refused else "",
        )
        return told.words(now, self.context.clock.wall)

    def tell(self, now: float) -> None:
        """Log what is waited for, where that was not said yet."""
        told = self.waiting(now)
        if told and told != self._told:
            self.context.log.warning("waiting for a session", account=self.context.settings.name, why=told)
        self._told = told

    def login_failed(self, error: NorthboundError, credentials: Credentials, now: float) -> None:
        """Decide when the next login may be tried, and say what is waited for."""
        rates, limit = self.context.settings.rates, self.limiter.limit(self.interface)
        self.logins.failed(error, credentials, now, rates, limit)
        if self.logins.refused:
            self.look_at_credentials(now)
        if self.logins.pause(now) is not Pause.NONE:
            self.tell(now)

    def earliest(self) -> float:
        """When the next one may be begun."""
        return max(self.limiter.earliest(self.interface), self.logins.earliest(self.limiter.limit(self.interface)))

    def renews_at(self) -> float:
        """When it is renewed, whether anything is to be asked or not; infinity where only a request needs it."""
        return math.inf

    def accepted(self) -> None:  # noqa: B027 - nothing to do where a session does not care
        """The far side served a request."""

    def next_look(self, now: float) -> float:
        """When files with credentials are looked at next."""
        return max(self._looked_at + _LOOK_SECONDS, now) if self.logins.refused else math.inf

    def look(self, now: float) -> None:
        """See once a minute, while credentials are refused, whether they have changed."""
        if self.logins.refused and now >= self._looked_at + _LOOK_SECONDS:
            self.look_at_credentials(now)

    def look_at_credentials(self, now: float) -> None:
        """See whether credentials differ from the refused ones."""
        self._looked_at = now
        try:
            credentials = self.context.settings.account.credentials()
        except CredentialsUnavailable:
            return
        if self.logins.credentials_now(credentials):
            self.context.log.info("credentials have changed: logging in", account=self.context.settings.name)

    def settings_changed(self) -> None:
        """Other settings: perhaps with other credentials."""
        if self.logins.refused:
            self.look_at_credentials(self.context.clock.now())

    def credentials(self) -> Credentials | None:
        """What to begin with; None where a file cannot be read, which is tried again in a minute."""
        try:
            credentials = self.read_credentials()
        except CredentialsUnavailable as error:
            now = self.context.clock.now()
            self.logins.credentials_unreadable(now, str(error), _LOOK_SECONDS)
            if str(error) != self._unavailable:
                self._unavailable = str(error)
                told = self.waiting(now)
                self.context.log.warning("no credentials", account=self.context.settings.name, error=told)
            return None
        self._unavailable = ""
        self.remember(credentials.password, password=True)
        return credentials

    def began(self, told: str) -> None:
        """A session has begun: a line for the first one, and for one after a failure."""
        news = self._first or self.logins.failed_at is not None
        self._first, self._told = False, ""
        log = self.context.log.info if news else self.context.log.debug
        log(told, account=self.context.settings.name, host=self.context.settings.account.host)
        self.logins.succeeded()

    def read_credentials(self) -> Credentials:
        """Read the files of whatever a session begins with; CredentialsUnavailable where one cannot be read."""
        return self.context.settings.account.credentials()

    def remember(self, secret: str, *, password: bool = False) -> None:
        """Have a secret taken out of what the far side says."""
        # apart: a far side that brings a token with every answer must not push the password out
        kept = self._passwords_kept if password else self._tokens_kept
        kept.pop(secret, None)
        if secret:
            kept[secret] = None
        if len(kept) > _SECRETS_KEPT:
            del kept[next(iter(kept))]
        self._secret_text = SecretText((*self._passwords_kept, *self._tokens_kept))

    def without_secrets(self, text: str) -> str:
        """The far side's words, in case it repeats what it was told."""
        return self._secret_text.without(text)
