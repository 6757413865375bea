"""The session of a northbound user: a login brings a token, which lives for half an hour (9.1.1, 9.1.2)."""

from typing_extensions import override

from fusionsolar_exporter.config import Credentials
from fusionsolar_exporter.northbound.auth import Auth, session_auth
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.asking import Asks
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.session import KeptSession, Session


class PasswordSession(Session):
    """One token at a time."""

    interface = Interface.LOGIN
    unused = frozenset({Interface.TOKEN})

    def __init__(self, context: AccountContext, limiter: RateLimiter) -> None:
        super().__init__(context, limiter)
        self._token: str | None = None

    @property
    @override
    def active(self) -> bool:
        return self._token is not None

    @override
    def auth(self, now: float) -> Auth | None:
        rates = self.context.settings.rates
        if self._token is not None and now - self.began_at >= rates.session_lifetime - rates.margin:
            self.logins.session_lives()
            self._token = None
        return None if self._token is None else session_auth(self._token, self._replaced)

    @override
    def begin(self, requester: Asks) -> NorthboundError | None:
        credentials = self.credentials()
        if credentials is None:
            return None

        def send(client: Client) -> Answer[str]:
            return client.login(credentials.username, credentials.password)

        try:
            answer = requester.ask(Interface.LOGIN, send, starts=self._starts)
        except NorthboundError as error:
            self._failed(error, credentials)
            return error
        self._token = answer.content
        self.remember(answer.content)
        self.began_at = answer.started
        self.began("logged in")
        return None

    @override
    def end(self, requester: Asks, until: float) -> None:
        clock = self.context.clock
        auth = self.auth(clock.now())
        token = self._token
        at = max(self.limiter.earliest(Interface.LOGOUT), self.limiter.next_gap)
        if auth is None or token is None or at > until:
            return
        while (now := clock.now()) < at:
            clock.pause(at - now)

        def send(client: Client) -> Answer[None]:
            client.logout(token)
            return Answer(None, None)

        try:
            requester.ask(Interface.LOGOUT, send, auth=auth, starts=lambda _: None)
        except NorthboundError:
            return  # reported; the session ends by itself

    @override
    def look(self, now: float) -> None:
        if self._token is not None and now - self.began_at >= self.context.settings.rates.session_lifetime / 2:
            self.logins.session_lives()
        super().look(now)

    @override
    def ended(self, now: float) -> None:
        lifetime = self.context.settings.rates.session_lifetime
        if self._token is not None and self.logins.session_ended(now - self.began_at, lifetime):
            self.context.log.warning(
                "another program uses this account: sessions end early again and again; "
                "give each program a northbound user of its own",
                account=self.context.settings.name,
            )
        self._token = None

    @override
    def kept(self) -> KeptSession:
        return KeptSession(self._token, self.began_at, self.logins.kept())

    @override
    def restore(self, kept: KeptSession) -> None:
        self._token, self.began_at = kept.token, kept.began_at
        self.remember(kept.token or "")
        self.logins.restore(kept.logins)
        if self.logins.refused:  # they may have been corrected while nobody looked
            self.look_at_credentials(self.context.clock.now())
        self.tell(self.context.clock.now())

    def _replaced(self, token: str) -> None:
        """An answer has brought another token, which is the session's from now on."""
        self.remember(token)
        self._token = token

    def _starts(self, moment: float) -> None:
        self._token = None
        self.logins.started(moment)

    def _failed(self, error: NorthboundError, credentials: Credentials) -> None:
        now = self.context.clock.now()
        self._token = None
        self.login_failed(error, credentials, now)
