"""``state``: where ledger, sessions, lists and readings are kept, so that a restart loses none of them."""

import importlib.util
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import BeforeValidator, ConfigDict, ValidationInfo

from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import PositiveDuration, Section, from_file

_DIRECTORY = "fusionsolar-exporter"
_FILE = "state.sqlite"
_EXPECTED = "expected memory:, sqlite:, sqlite:PATH, redis://HOST:PORT/DB or rediss://HOST:PORT/DB"

_REDIS_OPTIONS = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"})
_REDIS_OPTIONS_SHOWN = ", ".join(sorted(_REDIS_OPTIONS))


class StateKind(StrEnum):
    """The backends."""

    MEMORY = "memory"
    SQLITE = "sqlite"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class StateUrl:
    """A checked address of state; that of Redis may hold a password."""

    kind: StateKind
    text: str = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be logged."""
        password = urlsplit(self.text).password if self.kind is StateKind.REDIS else None
        return frozenset({password, unquote(password)} if password else ())

    def path(self, environ: Mapping[str, str]) -> Path | None:
        """The SQLite file: as given, else in $STATE_DIRECTORY, else in the user's state directory; None without one."""
        given = self.text.partition(":")[2]
        if given:
            return Path(given)
        directory = environ.get("STATE_DIRECTORY", "").partition(":")[0]
        if directory:
            return Path(directory) / _FILE
        own = environ.get("XDG_STATE_HOME")
        if own:
            return Path(own) / _DIRECTORY / _FILE
        home = environ.get("HOME") or _home()
        return Path(home) / ".local" / "state" / _DIRECTORY / _FILE if home else None


def _home() -> str:
    """The home of the user that the process runs as; empty where the system knows none, as in some containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _state_url(value: Any, info: ValidationInfo) -> StateUrl:
    if isinstance(value, StateUrl):
        return value
    if not isinstance(value, str):
        raise problem(f"not a text; {_EXPECTED}")
    scheme, colon, rest = value.partition(":")
    if value == "memory:":
        return StateUrl(StateKind.MEMORY, value)
    if scheme == "sqlite" and colon:
        if "\0" in rest:
            raise problem("not a usable path; expected sqlite:PATH")
        return StateUrl(StateKind.SQLITE, f"sqlite:{from_file(rest, info)}" if rest else value)
    if scheme in {"redis", "rediss"}:
        _check_redis(value)
        return StateUrl(StateKind.REDIS, value)
    raise problem(f"no such place; {_EXPECTED}")


def _check_redis(text: str) -> None:
    try:
        parts: SplitResult = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0 and (parts.path.strip("/") or "0").isdigit()
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or parts.fragment:
        raise problem("not a Redis address; expected redis://HOST:PORT/DB or rediss://HOST:PORT/DB")
    if options and (parts.scheme != "rediss" or not _REDIS_OPTIONS.issuperset(options)):
        raise problem(f"not an option of a Redis address; expected, with rediss:// only, {_REDIS_OPTIONS_SHOWN}")
    if importlib.util.find_spec("redis") is None:
        raise problem("needs the package redis; install it with: pip install 'fusionsolar-exporter[redis]'")


class StateConfig(Section):
    """Where state is kept, and for how long a replica holds an account."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    url: Annotated[StateUrl, BeforeValidator(_state_url)] = StateUrl(StateKind.SQLITE, "sqlite:")
    lease: PositiveDuration = 15.0
    """Seconds that a replica holds an account; without effect unless state is in Redis."""
