"""Basic authentication with bcrypt hashes. Hashing is slow on purpose: done in threads, and its results remembered."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Protocol

from cachetools import LRUCache

from fusionsolar_exporter.web.workers import DaemonExecutor

_REMEMBERED = 256  # of each, right and wrong: whoever guesses cannot push out who knows
_LONGEST = 72  # bytes of a password that bcrypt looks at
_THREADS = 2
_MOST_PENDING = 16
"""Comparisons that are under way or wait: whoever guesses keeps nobody waiting for longer than these take."""
_SALT = "abcdefghijklmnopqrstuu"  # of the hash that nobody's password has
_USUAL_COST = 10


class Check(Protocol):
    """Compares a password with a hash; slow."""

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        """Whether they fit."""
        ...


def _bcrypt(password: bytes, hashed: bytes) -> bool:
    import bcrypt  # noqa: PLC0415 - only where passwords are asked for

    try:
        return bcrypt.checkpw(password[:_LONGEST], hashed)
    except ValueError:
        return False


class CrowdedError(Exception):
    """Too many passwords are being compared."""


class Passwords:
    """Used on the event loop."""

    def __init__(self, check: Check = _bcrypt) -> None:
        self._check = check
        self._key = secrets.token_bytes(32)
        self._right: LRUCache[bytes, bool] = LRUCache(_REMEMBERED)
        self._wrong: LRUCache[bytes, bool] = LRUCache(_REMEMBERED)
        self._pending: dict[bytes, asyncio.Future[bool]] = {}
        self._workers = DaemonExecutor(_THREADS, "web-password")

    async def allow(self, users: Mapping[str, str], header: str) -> bool:
        """Whether an ``Authorization`` header is that of one of these users, who are given by hash.

        :raises CrowdedError: nobody can say now.
        """
        sent = _credentials(header)
        if sent is None:
            return False
        user, password = sent
        known = users.get(user)
        hashed = known if known is not None else _nobodys(users)
        # whoever is unknown is looked up and compared like everybody else: neither costs less, cold or warm
        fits = await self._compare(user, password, hashed)
        return fits and known is not None

    async def _compare(self, user: str, password: str, hashed: str) -> bool:
        key = self._digest(user, password, hashed)
        for remembered in (self._right, self._wrong):
            found = remembered.get(key)
            if found is not None:
                return found
        pending = self._pending.get(key)
        if pending is None:
            if len(self._pending) >= _MOST_PENDING:
                raise CrowdedError
            loop = asyncio.get_running_loop()
            job = loop.run_in_executor(self._workers, self._check, password.encode(), hashed.encode())
            pending = self._pending[key] = asyncio.ensure_future(job)
            pending.add_done_callback(lambda done: self._remember(key, done))
        return await asyncio.shield(pending)  # others may wait for the same when this client goes away

    def _remember(self, key: bytes, done: asyncio.Future[bool]) -> None:
        del self._pending[key]
        if not done.cancelled() and done.exception() is None:
            (self._right if done.result() else self._wrong)[key] = done.result()

    def _digest(self, *parts: str) -> bytes:
        """Each part with its length, so that no two users, passwords and hashes ever look alike."""
        made = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in parts:
            content = part.encode("utf-8", "surrogateescape")
            made.update(len(content).to_bytes(8, "big") + content)
        return made.digest()


def _nobodys(users: Mapping[str, str]) -> str:
    """A hash as costly as the costliest there is, which fits no password that anybody knows."""
    cost = max((int(hashed.split("$")[2]) for hashed in users.values()), default=_USUAL_COST)
    return f"$2b${cost:02}${_SALT}{'.' * 31}"


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None
