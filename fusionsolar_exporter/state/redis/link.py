"""The connection to Redis: quick to give up, silent while it is down, and never in the way of a start."""

import threading
from collections.abc import Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.redis.scripts import PREFIX
from fusionsolar_exporter.state.redis.trouble import Trouble, trouble
from fusionsolar_exporter.state.store import StateObserver

_CONNECT_SECONDS = 1.0
_LONGEST_ANSWER = 5.0  # seconds
_AGAIN_SECONDS = 1.0  # after a failure
_DEFAULT_PORT = 6379

Argument = bytes | str | int
Answer = list[Any]


class LinkDownError(Exception):
    """Redis cannot be used at present; it is reported already."""


class _Script(Protocol):
    def __call__(self, keys: Sequence[str], args: Sequence[Argument]) -> Any: ...


class RedisLink:
    """Safe from any thread."""

    def __init__(self, url: str, lease: float, clock: Clock, log: Log, observer: StateObserver) -> None:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        self.address = f"{host}:{parts.port or _DEFAULT_PORT}"
        """Without user and password."""
        self._clock = clock
        self._log = log
        self._observer = observer
        self._client = redis.Redis.from_url(
            url,
            protocol=2,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=min(max(lease / 3, _CONNECT_SECONDS), _LONGEST_ANSWER),
            socket_keepalive=True,
            # once more where a connection that lay idle has been closed; scripts may run twice
            retry=Retry(NoBackoff(), 1, (redis.exceptions.ConnectionError,)),
        )
        self._scripts: dict[str, _Script] = {}
        self._again_at = float("inf")  # nobody waits for a name server, or for packets that are dropped
        self._trouble: Trouble | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._trying = threading.Lock()
        first = threading.Thread(target=self._connect, name="state-connect", daemon=True)
        first.start()
        first.join(_CONNECT_SECONDS)

    @property
    def working(self) -> bool:
        """Whether the newest attempt got an answer."""
        return self._again_at == 0.0

    def call(self, script: str, *arguments: Argument) -> Answer:
        """Run a script; LinkDownError where that cannot be done, which is tried again in a second."""
        if self._again_at == 0.0:
            return self._attempt(script, arguments)
        if self._clock.now() < self._again_at or not self._trying.acquire(blocking=False):
            raise LinkDownError
        try:
            return self._attempt(script, arguments)
        finally:
            self._trying.release()

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self._again_at = float("inf")
        self._client.close()

    def run(self, script: str, arguments: Sequence[Argument]) -> Answer:
        """Run a script by its digest; Redis learns it where it does not know it."""
        known = self._scripts.get(script)
        if known is None:
            known = self._scripts[script] = cast("_Script", self._client.register_script(script))
        return cast("Answer", known(keys=(PREFIX,), args=arguments))

    def _connect(self) -> None:
        try:
            self._client.ping()
        except (redis.exceptions.RedisError, OSError) as error:
            self._fails(error)
        else:
            self._works()

    def _attempt(self, script: str, arguments: Sequence[Argument]) -> Answer:
        began = self._clock.now()
        try:
            answer = self.run(script, arguments)
        except Exception as error:
            if self._closed:  # its connection was taken away from under it, which may show in any way
                raise LinkDownError from None
            if not isinstance(error, (redis.exceptions.RedisError, OSError)):
                raise
            self._fails(error)
            raise LinkDownError from None
        finally:
            self._observer.operation(self._clock.now() - began)
        self._works()
        return answer

    def _fails(self, error: Exception) -> None:
        with self._lock:
            self._observer.failed()
            self._observer.working(False)
            self._again_at = self._clock.now() + _AGAIN_SECONDS
            found = trouble(error)
            if found == self._trouble:
                return
            self._trouble = found
            self._log.warning(
                f"state in Redis cannot be used, {found.what}: nothing is asked until it can; {found.advice}",
                redis=self.address,
                error=str(error),
            )

    def _works(self) -> None:
        if self._again_at == 0.0:
            return
        with self._lock:
            self._observer.working(True)
            self._again_at = 0.0
            if self._trouble is not None:
                self._trouble = None
                self._log.info("state in Redis can be used again", redis=self.address)
