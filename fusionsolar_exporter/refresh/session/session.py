"""The session of one account: its token, how old it is, and who may renew it when."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fusionsolar_exporter.config import Credentials, CredentialsUnavailable
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.login_policy import KeptLoginPolicy, LoginPolicy, Pause

_LOOK_SECONDS = 60.0  # files with credentials are looked at so often while they are refused
_SECRETS_KEPT = 16  # tokens and passwords: the far side may still speak of those that are over


@dataclass(frozen=True, slots=True)
class KeptSession:
    """The session as state keeps it."""

    token: str | None = field(repr=False)
    began_at: float
    logins: KeptLoginPolicy


class Session:
    """One session at a time; moments are in the pacing clock's seconds."""

    def __init__(self, context: AccountContext, limiter: RateLimiter) -> None:
        self._context = context
        self._limiter = limiter
        self._logins = LoginPolicy()
        self._token: str | None = None
        self._began_at = 0.0
        self._looked_at = -_LOOK_SECONDS
        self._secrets: dict[str, None] = {}
        self._unavailable = ""

    @property
    def active(self) -> bool:
        """Whether there is a session, as far as we know."""
        return self._token is not None

    @property
    def contended(self) -> bool:
        """Whether another program uses the account."""
        return self._logins.contended

    @property
    def ever(self) -> bool:
        """Whether any login has succeeded."""
        return self._logins.succeeded_once

    def pause(self, now: float) -> Pause:
        """Why no login is tried."""
        return self._logins.pause(now)

    def token(self, now: float) -> str | None:
        """The token for a request that is sent now; None where a login has to come first."""
        rates = self._context.settings.rates
        if self._token is not None and now - self._began_at >= rates.session_lifetime - rates.margin:
            self._logins.session_lives()
            self._token = None
        return self._token

    def earliest(self) -> float:
        """When the next login may be sent."""
        return max(self._limiter.earliest(Interface.LOGIN), self._logins.earliest(self._limiter.limit(Interface.LOGIN)))

    def next_look(self, now: float) -> float:
        """When files with credentials are looked at next."""
        return max(self._looked_at + _LOOK_SECONDS, now) if self._logins.refused else float("inf")

    def look(self, now: float) -> None:
        """See once a minute, while credentials are refused, whether they have changed."""
        if self._token is not None and now - self._began_at >= self._context.settings.rates.session_lifetime / 2:
            self._logins.session_lives()
        if self._logins.refused and now >= self._looked_at + _LOOK_SECONDS:
            self._look(now)

    def credentials(self) -> Credentials | None:
        """What to log in with; None where a file cannot be read, which is tried again in a minute."""
        try:
            credentials = self._context.settings.account.credentials()
        except CredentialsUnavailable as error:
            if str(error) != self._unavailable:
                self._unavailable = str(error)
                self._context.log.warning(
                    "no credentials", account=self._context.settings.name, error=self._unavailable
                )
            self._logins.credentials_unreadable(self._context.clock.now(), str(error), _LOOK_SECONDS)
            return None
        self._unavailable = ""
        self._remember(credentials.password)
        return credentials

    def without_secrets(self, text: str) -> str:
        """The far side's words, in case it repeats what it was told."""
        for secret in sorted(self._secrets, key=len, reverse=True):  # one may be a part of another
            text = text.replace(secret, "<secret>")
        return text

    def starts(self, moment: float) -> None:
        """A login is sent."""
        self._token = None
        self._logins.started(moment)

    def began(self, token: str, moment: float) -> None:
        """A login brought a token."""
        self._token = token
        self._remember(token)
        self._began_at = moment
        self._logins.succeeded()

    def failed(self, error: NorthboundError, credentials: Credentials) -> None:
        """A login brought none."""
        now = self._context.clock.now()
        self._token = None
        self._logins.failed(error, credentials, now, self._context.settings.rates, self._limiter.limit(Interface.LOGIN))
        if self._logins.refused:
            self._look(now)

    def ended(self, now: float) -> None:
        """The far side ended the session (305, 306, 307)."""
        lifetime = self._context.settings.rates.session_lifetime
        if self._token is not None and self._logins.session_ended(now - self._began_at, lifetime):
            self._context.log.warning(
                "another program uses this account: sessions end early again and again; "
                "give each program a northbound user of its own",
                account=self._context.settings.name,
            )
        self._token = None

    def kept(self) -> KeptSession:
        """What state keeps."""
        return KeptSession(self._token, self._began_at, self._logins.kept())

    def restore(self, kept: KeptSession, at: Callable[[float], float]) -> None:
        """Take over what was kept; ``at`` turns its moments into those of this clock."""
        self._token, self._began_at = kept.token, at(kept.began_at)
        self._remember(kept.token or "")
        self._logins.restore(kept.logins, at)
        if self._logins.refused:  # they may have been corrected while nobody looked
            self._look(self._context.clock.now())

    def settings_changed(self) -> None:
        """Other settings: perhaps with other credentials."""
        if self._logins.refused:
            self._look(self._context.clock.now())

    def _remember(self, secret: str) -> None:
        self._secrets.pop(secret, None)
        if secret:
            self._secrets[secret] = None
        if len(self._secrets) > _SECRETS_KEPT:
            del self._secrets[next(iter(self._secrets))]

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            credentials = self._context.settings.account.credentials()
        except CredentialsUnavailable:
            return
        if self._logins.credentials_now(credentials):
            self._context.log.info("credentials have changed: logging in", account=self._context.settings.name)
