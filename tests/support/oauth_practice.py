"""An owner's browser, and a simulated system with OAuth beside a configuration for it."""

import re
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from fusionsolar_exporter.cli import main
from fusionsolar_exporter.simulator.oauth.endpoints import OAUTH_PREFIX
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from support.oauth_world import CLIENT, OWNER, OWNERS_PASSWORD

DEADLINE = 60.0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Browser:
    """The owner's: opens an address, agrees, and tells where it ended."""

    def __init__(self, owner: str = OWNER, password: str = OWNERS_PASSWORD) -> None:
        self._opener = urllib.request.build_opener(NoRedirect())
        self._owner, self._password = owner, password

    def agree(self, address: str, decision: str = "agree") -> str:
        with self._opener.open(address, timeout=DEADLINE) as page:
            hidden = dict(re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page.read().decode()))
        form = {**hidden, "owner": self._owner, "password": self._password, "decision": decision}
        with pytest.raises(urllib.error.HTTPError, match="302") as answer:
            self._opener.open(address.partition("?")[0], urlencode(form).encode(), timeout=DEADLINE)
        with answer.value:
            return str(answer.value.headers["Location"])


class OAuthPractice:
    """A simulated system, a configuration for it, and the command."""

    def __init__(self, directory: Path, server: SimulatorServer, system: SimulatedSystem) -> None:
        assert system.oauth is not None
        self.directory, self.server, self.system, self.oauth = directory, server, system, system.oauth
        self.file = directory / "config.yml"
        self.state = directory / "state.sqlite"
        self.accounts = {"roofs": self.account("roofs")}
        self.write()

    def account(self, name: str, **oauth: object) -> dict[str, object]:
        section = {
            "client_id": CLIENT.id,
            "client_secret": CLIENT.secret,
            "redirect_uri": CLIENT.redirect_uri,
            "authorize_url": f"{self.server.url}{OAUTH_PREFIX}authorize",
            "token_url": f"{self.server.url}{OAUTH_PREFIX}token",
            **oauth,
        }
        return {"name": name, "url": self.server.url, "oauth": section}

    def config(self, state: str = "") -> dict[str, object]:
        return {"accounts": list(self.accounts.values()), "state": {"url": state or f"sqlite:{self.state}"}}

    def write(self, state: str = "") -> None:
        self.file.write_text(yaml.safe_dump(self.config(state)), encoding="utf-8")

    def run(self, *flags: str, account: str = "roofs") -> int:
        return main(["authorize", account, f"--config.file={self.file}", *flags])

    def tokens(self) -> int:
        if not self.state.exists():
            return 0
        with sqlite3.connect(self.state) as connection:
            return len(connection.execute("SELECT 1 FROM entries WHERE key = 'tokens'").fetchall())
