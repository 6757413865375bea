"""A world whose account has an owner's consent in the place of a password; state in a SQLite file."""

import dataclasses
from pathlib import Path
from typing import Any

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.session.oauth import OAuthSession
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.oauth.endpoints import OAUTH_PREFIX, Endpoint, OAuthEndpoints, TokenRequest
from fusionsolar_exporter.simulator.oauth.rules import OAuthClient, OAuthRules
from fusionsolar_exporter.simulator.plan import FleetPlan
from support.kept_world import KeptWorld

CLIENT = OAuthClient("123456789", "k7Qz-the-client's-secret", "https://example.org/callback")
OWNER, OWNERS_PASSWORD = "ada", "enchantress"
HOUR, DAY = 3600.0, 86400.0


def endpoints(**rules: Any) -> OAuthEndpoints:
    """An authorization server of one client and one owner."""
    return OAuthEndpoints([CLIENT], {OWNER: OWNERS_PASSWORD, "bob": "pw"}, OAuthRules(**rules))


def oauth_account(name: str, url: str, **oauth: Any) -> AccountConfig:
    """An account of that client."""
    section = {
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
        "redirect_uri": CLIENT.redirect_uri,
        "authorize_url": f"{url}{OAUTH_PREFIX}authorize",
        "token_url": f"{url}{OAUTH_PREFIX}token",
        **oauth,
    }
    return AccountConfig.model_validate({"name": name, "url": url, "oauth": section})


def consent(account: Account, oauth: OAuthEndpoints, at: float) -> NorthboundError | None:
    """Let the owner agree, and the account have the code."""
    engine = account._engine
    assert isinstance(engine.session, OAuthSession)
    error = engine.session.exchange(engine.requester, oauth.grants.consent(CLIENT.id, OWNER, at))
    engine.store.save()
    return error


class OAuthWorld(KeptWorld):
    """Consented at once, where ``consented`` is not False; ``rules`` are those of the far side."""

    def __init__(
        self,
        directory: Path,
        plan: FleetPlan | None = None,
        *,
        rules: dict[str, Any] | None = None,
        oauth: dict[str, Any] | None = None,
        consented: bool = True,
    ) -> None:
        self._oauth = dict(oauth or {})
        super().__init__(directory, plan or FleetPlan(plants=2, devices={1: 1, 39: 1}))
        self.oauth = self.system.oauth = endpoints(**(rules or {}))
        if consented:
            self.consent()

    def account_config(self) -> AccountConfig:
        return oauth_account("default", "http://far.example", **self._oauth)

    def consent(self) -> NorthboundError | None:
        return consent(self.account, self.oauth, self.clock.now())

    def rule(self, **changes: Any) -> None:
        """Let the far side behave otherwise from now on."""
        self.oauth.grants.rules = dataclasses.replace(self.oauth.grants.rules, **changes)

    def order(self, kind: FaultKind, times: int | None = 1, **how: Any) -> Fault:
        """Order a fault at the token address."""
        return self.system.faults.order(Fault(kind, Endpoint.TOKEN, times, **how))

    @property
    def token_requests(self) -> tuple[TokenRequest, ...]:
        return self.oauth.token_requests

    @property
    def state(self) -> str:
        return self.account.status().state

    def served(self) -> int:
        """Devices with values."""
        return len(self.account.cache.snapshot().device_readings)
