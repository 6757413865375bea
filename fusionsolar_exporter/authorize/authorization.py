"""One account's way to an owner's consent. Works beside a running exporter, which lets go of the account meanwhile."""

from dataclasses import dataclass
from functools import partial
from typing import cast

from typing_extensions import override

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.config import AccountConfig, Config, CredentialsUnavailable, OAuthConfig
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.northbound.consent import ConsentError, code_of, consent_address
from fusionsolar_exporter.northbound.consent_state import ConsentState
from fusionsolar_exporter.northbound.transport import HttpTransport, Transport
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.quiet_observer import quiet_observer
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.refresh.reporting.advice import advice_for
from fusionsolar_exporter.refresh.session.oauth import OAuthSession
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import NotLeadingError, State, StateObserver
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.state.store import LOOK_SECONDS
from fusionsolar_exporter.wiring import account_identity, transport_settings

_HANDOVER = 60.0  # seconds for whoever leads: a request in flight, and a look around
_NOT_KEPT = "the state cannot be written: no code was used; make state.url writable, and paste the address again"


class AuthorizationError(Exception):
    """There is no consent, or it could not be kept: why, and what to do."""


@dataclass
class StateWatch(StateObserver):
    """Whether the state keeps what is written to it."""

    works: bool = True

    @override
    def operation(self, seconds: float) -> None:
        """Nobody counts here."""

    @override
    def failed(self) -> None:
        self.works = False

    @override
    def working(self, working: bool) -> None:
        self.works = working


@dataclass(frozen=True, slots=True)
class Authorization:
    """One account of a configuration."""

    config: Config
    account: AccountConfig
    clock: Clock
    log: EventLogger

    def address(self) -> str:
        """Where the owner agrees. AuthorizationError where the client's secret cannot be read."""
        oauth = self._oauth()
        return consent_address(
            oauth.authorize_url, oauth.client_id, oauth.redirect_uri, self._state().word(self._now())
        )

    def complete(self, response: str) -> None:
        """Exchange the code in the address at which the browser ended, and keep the tokens.

        AuthorizationError where there is none, or none is given for it.
        """
        state, watch = self._state(), StateWatch()
        try:
            code = code_of(response, self._oauth().redirect_uri, lambda word: state.is_ours(word, self._now()))
        except ConsentError as error:
            raise AuthorizationError(str(error)) from None
        opened = open_state(self.config.state, self.clock, self.log, watch)
        try:
            self._exchange(opened, watch, code)
        finally:
            opened.close()

    def _exchange(self, opened: State, watch: StateWatch, code: str) -> None:
        engine = self._engine(opened)
        session = cast("OAuthSession", engine.session)  # the account has a section for it, or nobody comes here
        try:
            if not engine.store.keeps:
                raise AuthorizationError("state.url is memory:, which keeps no tokens; expected sqlite: or redis://")
            self._lead(engine)
            engine.store.save()  # before the code is used up: what cannot be kept now could not be kept then
            if not watch.works:
                raise AuthorizationError(_NOT_KEPT)
            error = session.exchange(engine.requester, code)
            engine.store.save()
        except NotLeadingError:
            raise AuthorizationError("another process took the account meanwhile: run the command again") from None
        finally:
            engine.close()
        if error is not None:
            raise AuthorizationError(f"no tokens: {error.message}; {advice_for(error)}")
        if not watch.works:
            raise AuthorizationError("the tokens could not be kept: make state.url writable, and run the command again")

    def _lead(self, engine: Engine) -> None:
        until = self.clock.now() + _HANDOVER
        while True:
            engine.store.request_handover()
            engine.take_part()
            if engine.store.leads:
                return
            if self.clock.now() >= until:
                raise AuthorizationError(
                    "another process refreshes this account and did not give it up, or the state cannot be reached: "
                    "no code was used; paste the address again in a while"
                )
            self.clock.pause(LOOK_SECONDS)

    def _engine(self, opened: State) -> Engine:
        settings = AccountSettings(self.account, self.config.collectors)

        def transport(account: AccountConfig) -> Transport:
            return HttpTransport(transport_settings(account))

        collaborators = Collaborators(
            self.clock, transport, partial(quiet_observer, self.log), self.log, without_secrets=without_secrets
        )
        partition = opened.partition(*account_identity(self.account))
        return build_engine(settings, collaborators, Cache(self.clock), partition)

    def _oauth(self) -> OAuthConfig:
        if self.account.oauth is None:
            raise AuthorizationError("the account has a username and a password: there is nothing to authorize")
        return self.account.oauth

    def _state(self) -> ConsentState:
        try:
            self._oauth().token_keys()  # before an owner agrees to what could not be kept
            return ConsentState("\n".join(self.account.identity), self._oauth().secret())
        except CredentialsUnavailable as error:
            raise AuthorizationError(str(error)) from None

    def _now(self) -> float:
        return self.clock.wall(self.clock.now())
