"""The session of an OAuth account: an owner's consent, access tokens for an hour, each with a refresh token."""

import math
from collections.abc import Mapping

from typing_extensions import override

from fusionsolar_exporter.config import Credentials, CredentialsUnavailable, OAuthConfig
from fusionsolar_exporter.northbound.auth import Auth, bearer_auth
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.oauth import INVALID_GRANT, TokenError, Tokens, exchange_form, refresh_form
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.refresh.asking import Asks, TimedAnswer
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.login_policy import Pause
from fusionsolar_exporter.refresh.session.session import KeptSession, Session
from fusionsolar_exporter.refresh.session.token_cipher import TokenCipher
from fusionsolar_exporter.refresh.session.tokens import HeldTokens, first_tokens
from fusionsolar_exporter.status import FailureNote

_NOT_TRIED = "OAuth has not been tried on a live system yet: please report how it goes"
_NO_CONSENT = "no owner has agreed yet"
_ENDED = "the owner's consent has ended"
_REFUSED = "data requests refuse access tokens that were just given"
_REFUSED_ADVICE = (
    "see whether a proxy on the way adds cookies or XSRF-TOKEN, beside which Bearer is refused, and whether url is the "
    "host of the region in which the owner's plants are"
)


class OAuthSession(Session):
    """Who leads the account refreshes: so no two processes ever use one refresh token."""

    interface = Interface.TOKEN
    unused = frozenset({Interface.LOGIN, Interface.LOGOUT})

    def __init__(self, context: AccountContext, limiter: RateLimiter, oauth: OAuthConfig, cipher: TokenCipher) -> None:
        super().__init__(context, limiter)
        self._oauth = oauth
        self._cipher = cipher
        self._tokens: HeldTokens | None = None
        self._data = Hold()  # after data requests that were refused with a new access token
        self._reminded = False
        context.log.info(_NOT_TRIED, account=context.settings.name)

    @property
    @override
    def active(self) -> bool:
        return self._usable and self._tokens is not None and bool(self._tokens.access)

    @property
    @override
    def tokens(self) -> HeldTokens | None:
        return self._tokens

    @override
    def take_tokens(self, tokens: HeldTokens) -> None:
        held = self._tokens
        if held is not None and tokens.refused and held.previous == tokens.refresh:
            return  # used up here, and what came of it could not be kept yet
        consented = held is None or held.refused
        self._keep(tokens)
        if consented and not tokens.refused:
            self._reminded = False
            self._data.answered()
        if tokens.refused:
            self.tell(self.context.clock.now())

    @override
    def auth(self, now: float) -> Auth | None:
        tokens = self._tokens
        if tokens is None or not self.active or now >= tokens.ends_at - self.context.settings.rates.margin:
            return None
        # where it cannot be renewed now, the old one is good to its end
        if now >= tokens.renew_at and self.earliest() <= now:
            return None
        return bearer_auth(tokens.access)

    @override
    def earliest(self) -> float:
        if not self._usable:
            return math.inf
        return max(super().earliest(), self._data.until)

    @override
    def renews_at(self) -> float:
        return math.inf if self._tokens is None else max(self._tokens.renew_at, self.earliest())

    @override
    def begin(self, requester: Asks) -> NorthboundError | None:
        credentials, tokens = self.credentials(), self._tokens
        if credentials is None or tokens is None or not self._usable:
            return None
        form = refresh_form(credentials.username, credentials.password, tokens.refresh)
        try:
            answer = self._ask(requester, form)
        except NorthboundError as error:
            if isinstance(error, TokenError) and error.error == INVALID_GRANT:
                self._invalid(tokens)
            else:
                self._failed(error, credentials)
            return error
        self._keep(tokens.renewed(answer.content, answer.started))
        self.began("access token renewed")
        return None

    def exchange(self, requester: Asks, code: str) -> NorthboundError | None:
        """Begin with the code of an owner's consent; what the far side says against it."""
        credentials = self.credentials()
        if credentials is None:
            told = self.logins.kept().hold
            return NorthboundError(Reason.CREDENTIALS, Interface.TOKEN, told.reason if told else "no secret")
        self.remember(code)
        form = exchange_form(credentials.username, credentials.password, code, self._oauth.redirect_uri)
        try:
            answer = self._ask(requester, form)
            tokens = first_tokens(answer.content, answer.started)
        except NorthboundError as error:
            if not isinstance(error, TokenError) or error.error != INVALID_GRANT:
                self._failed(error, credentials)
            return error  # a code that is not good says nothing of tokens that there are
        self._cipher.replace()
        self._data.answered()
        self._keep(tokens)
        self.began("the owner has agreed")
        return None

    @override
    def end(self, requester: Asks, until: float) -> None:
        """There is no logout: the tokens are for the next start."""

    @override
    def accepted(self) -> None:
        self._data.answered()
        if self._tokens is not None and not self._tokens.worked:
            self._keep(self._tokens.served())

    @override
    def ended(self, now: float) -> None:
        tokens = self._tokens
        if tokens is None:
            return
        if not tokens.worked:  # a new one, so that refreshing at once would bring the same
            self._data.back_off(now, self.context.settings.rates.backoff, _REFUSED)
        self._keep(tokens.without_access())

    @override
    def pause(self, now: float) -> Pause:
        if not self._usable:
            return Pause.CREDENTIALS
        return Pause.OTHER if self._data.until > now else super().pause(now)

    @override
    def waiting(self, now: float) -> str:
        if self._cipher.locked:
            return f"{self._cipher.locked}: {self._cipher.advice}"
        if self._tokens is None:
            return f"{_NO_CONSENT}: {self._advice}; it is looked for once a minute"
        if self._tokens.refused:
            return f"{_ENDED}: {self._advice}"
        return super().waiting(now)

    @override
    def problem(self, now: float) -> FailureNote | None:
        if self._cipher.locked:
            return FailureNote(now, Interface.TOKEN, Reason.CREDENTIALS, None, self._cipher.locked, self._cipher.advice)
        if self._tokens is None:
            return FailureNote(now, Interface.TOKEN, Reason.CREDENTIALS, None, _NO_CONSENT, self._advice)
        if self._data.until > now:
            return FailureNote(now, Interface.TOKEN, Reason.NOT_LOGGED_IN, None, self._data.reason, _REFUSED_ADVICE)
        return None  # whatever else is wrong, a request has told

    @override
    def look(self, now: float) -> None:
        super().look(now)
        if self._tokens is None and not self._cipher.locked and not self._reminded:
            self._reminded = True
            self.context.log.warning(_NO_CONSENT, account=self.context.settings.name, advice=self._advice)

    @override
    def settings_changed(self) -> None:
        super().settings_changed()
        oauth = self.context.settings.account.oauth
        self._oauth = oauth if oauth is not None else self._oauth
        try:
            self._cipher.look()
        except CredentialsUnavailable as error:
            self.context.log.warning("no other keys", account=self.context.settings.name, error=str(error))

    @override
    def read_credentials(self) -> Credentials:
        self._cipher.look()  # before a token is used up: what comes for it has to be kept
        return super().read_credentials()

    @override
    def kept(self) -> KeptSession:
        return KeptSession(None, self.began_at, self.logins.kept())

    @override
    def restore(self, kept: KeptSession) -> None:
        self.logins.restore(kept.logins)
        if self.logins.refused:  # the secret may have been corrected while nobody looked
            self.look_at_credentials(self.context.clock.now())
        if self._tokens is not None:  # else they may be read in a moment
            self.tell(self.context.clock.now())

    @property
    def _usable(self) -> bool:
        """Whether there is a consent that stands, as far as we know."""
        return self._tokens is not None and not self._tokens.refused and not self._cipher.locked

    @property
    def _advice(self) -> str:
        return f"run `fusionsolar-exporter authorize {self.context.settings.name}`"

    def _keep(self, tokens: HeldTokens) -> None:
        self._tokens = tokens
        self.began_at = tokens.obtained_at
        for secret in (tokens.access, tokens.refresh, tokens.previous or ""):
            self.remember(secret)

    def _ask(self, requester: Asks, form: Mapping[str, str]) -> TimedAnswer[Tokens]:
        url = self._oauth.token_url

        def send(client: Client) -> Answer[Tokens]:
            return client.tokens(url, form)

        return requester.ask(Interface.TOKEN, send, starts=self.logins.started)

    def _invalid(self, tokens: HeldTokens) -> None:
        left = tokens.invalid()
        self._keep(left)
        if left.refused:
            self.context.log.error(
                "the owner's consent has ended: nothing is asked until there is another",
                account=self.context.settings.name,
                advice=self._advice,
            )

    def _failed(self, error: NorthboundError, credentials: Credentials) -> None:
        self.login_failed(error, credentials, self.context.clock.now())
