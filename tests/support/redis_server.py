"""A real Redis on a free port, that a test may stop, pause and start again; and links whose time the test controls."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest
import redis

from fusionsolar_exporter.state.redis import scripts
from fusionsolar_exporter.state.redis.link import Answer, Argument, RedisLink
from support.manual_clock import ManualClock
from support.observed import Observed
from support.world import ListLog

DEADLINE = 20.0  # seconds
BETWEEN_LOOKS = 0.005


def redis_program() -> str:
    """Its path; a laptop without it skips the test, continuous integration fails."""
    found = shutil.which("redis-server")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("redis-server is missing: install the Debian package redis-server")
        pytest.skip("needs redis-server: install the Debian package redis-server")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """A context manager; its data is in ``directory`` and outlives :meth:`stop`."""

    def __init__(self, directory: Path, *options: str, tls: bool = False) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = options
        self._ports = ("--port", "0", "--tls-port") if tls else ("--port",)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.directory / "redis.log"
        log.unlink(missing_ok=True)
        arguments = ["--bind", "127.0.0.1", *self._ports, str(self.port), "--save", "", "--appendonly", "no"]
        arguments += ["--dir", str(self.directory), *self._options]
        with log.open("ab") as file:
            self._process = subprocess.Popen([redis_program(), *arguments], stdout=file, stderr=file)
        pause = threading.Event()
        for _ in range(int(DEADLINE / BETWEEN_LOOKS)):
            if b"Ready to accept connections" in log.read_bytes():
                return
            assert self._process.poll() is None, log.read_text()
            pause.wait(BETWEEN_LOOKS)
        raise AssertionError(log.read_text())

    def stop(self, *, save: bool = False) -> None:
        """End it at once, its data written before or lost."""
        if self._process is not None:
            if save:
                self.client().execute_command("SAVE")
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(DEADLINE)
            self._process = None

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self, **options: Any) -> Any:
        return redis.Redis(port=self.port, **options)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class TimedLink(RedisLink):
    """Redis lives in the test's time."""

    def __init__(
        self, url: str, lease: float, clock: ManualClock, log: ListLog | None = None, observer: Observed | None = None
    ) -> None:
        self.clock = clock
        self.cut = False
        """Whether nothing gets through."""
        self.step = 0.0
        """Seconds by which the clock of Redis was set."""
        self.started = 0.0
        """When Redis was started, as far as it says so."""
        super().__init__(url, lease, clock, log or ListLog(), observer or Observed())

    def run(self, script: str, arguments: Sequence[Argument]) -> Answer:
        if self.cut:
            raise redis.exceptions.ConnectionError("cut off")
        now = round((self.clock.now() + self.step) * 1000)
        return super().run(_in_test_time(script), (*arguments, round(self.started * 1000), now))


@cache
def _in_test_time(script: str) -> str:
    changed = script.replace(scripts.NOW, "\nlocal now = tonumber(ARGV[#ARGV])\n")
    assert changed != script
    # the test's time goes faster than the seconds for which Redis has run
    return changed.replace(scripts.STARTED, "\nlocal started = tonumber(ARGV[#ARGV - 1])\n")
