"""The file of ``--web.config.file`` as it is in force: read anew when it or what it names changes."""

import hashlib
import hmac
import json
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusionsolar_exporter.config import ConfigError
from fusionsolar_exporter.config.load import load_web_config
from fusionsolar_exporter.config.web import WebConfig
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.web.security.tls_context import server_context

_Stamp = tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class SecurityRules:
    """What holds at one moment."""

    config: WebConfig
    context: ssl.SSLContext | None
    """Of TLS; None where none is spoken."""

    @property
    def allowed_sans(self) -> Sequence[str]:
        """Names and addresses of client certificates; all where there is none."""
        tls = self.config.tls_server_config
        return () if tls is None else tls.client_allowed_sans


def health_token(config: WebConfig) -> str:
    """What lets ``healthcheck`` ask for the health alone: whoever can read the file knows it, and nobody else."""
    users = json.dumps(sorted(config.users.items())).encode()
    return hmac.new(users, b"fusionsolar-exporter healthcheck", hashlib.sha256).hexdigest()


class WebSecurity:
    """``rules`` is replaced as a whole, by one thread, and read by others."""

    def __init__(self, path: Path | None, log: Log) -> None:
        self._path = path
        self._log = log
        self._named: Sequence[Path] = ()
        self._stamps: frozenset[_Stamp] | None = None
        self.rules = self._read()
        """Those in force. Raises :class:`ConfigError` at the start where the file cannot be used."""

    def context(self) -> ssl.SSLContext:
        """The TLS context in force, which there has to be."""
        found = self.rules.context
        if found is None:
            raise OSError("no TLS")
        return found

    def look(self) -> None:
        """Read the file anew where something has changed; one that cannot be used changes nothing, and is told once."""
        if self._path is None or self._stamps == _stamps((self._path, *self._named)):
            return
        try:
            rules = self._read()
        except ConfigError as error:
            self._refuse(error.problems)
            return
        if (rules.context is None) != (self.rules.context is None):
            self._refuse([f"{self._path}: TLS can only be switched on or off at a start"])
            return
        self.rules = rules
        self._log.info("web configuration read anew", file=str(self._path))

    def _refuse(self, problems: Sequence[str]) -> None:
        for problem in problems:
            self._log.warning("web configuration refused: the old one stays", error=problem)

    def _read(self) -> SecurityRules:
        if self._path is None:
            return SecurityRules(WebConfig(), None)
        # before anything is read: what changes meanwhile is read once more
        self._stamps = _stamps((self._path, *self._named))
        config = load_web_config(self._path)
        self._named = config.files  # also where they cannot be used: they are looked at until they can
        self._stamps = _stamps((self._path, *self._named))
        tls = config.tls_server_config
        try:
            context = None if tls is None else server_context(tls)
        except ConfigError as error:
            raise ConfigError(f"{self._path}: {problem}" for problem in error.problems) from None
        for reservation in config.reservations:
            self._log.warning("web configuration", reservation=reservation)
        return SecurityRules(config, context)


def _stamps(files: Iterable[Path]) -> frozenset[_Stamp]:
    """What changes when a file does; Kubernetes swaps links, which shows in the number of the file."""
    found: set[_Stamp] = set()
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        found.add((str(file), status.st_ino, status.st_mtime_ns, status.st_size))
    return frozenset(found)
