"""The driven command as its tests see it: a process that lives until a moment, is asked, stopped, and killed."""

import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from fusionsolar_exporter.status import CollectorName
from support.lockstep_clock import DEADLINE

_TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Known:
    """What an exporter knows at a moment."""

    now: float
    plants: frozenset[str]
    devices: frozenset[str]
    intervals: dict[CollectorName, float]
    lives: dict[CollectorName, float]
    lists_may_be_asked: bool
    served: dict[CollectorName, frozenset[str]]

    @classmethod
    def of(cls, line: str) -> "Known":
        told = json.loads(line)
        served = {CollectorName(name): frozenset(keys) for name, keys in told.get("served", {}).items()}
        told |= {"plants": frozenset(told["plants"]), "devices": frozenset(told["devices"]), "served": served}
        for each in ("intervals", "lives"):
            told[each] = {CollectorName(name): seconds for name, seconds in told[each].items()}
        return cls(**told)


NOTHING = Known(0.0, frozenset(), frozenset(), {}, {}, lists_may_be_asked=False, served={})
"""Before the first request."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a process holds of the machine."""

    threads: int
    files: int
    megabytes: float


class ChaosProcess:
    """``log`` goes on over all processes."""

    def __init__(self, config: Path, time_file: Path, log: list[str]) -> None:
        command = [sys.executable, "-m", "support.chaos_command", str(time_file)]
        command += [f"--config.file={config}", "--web.listen-address=127.0.0.1:0", "--log.level=debug"]
        paths = os.pathsep.join(filter(None, (str(_TESTS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [*command, "--log.format=json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths, "NO_PROXY": "127.0.0.1"},
        )
        self._log = log
        self._listening = threading.Event()
        self._address = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self._listening.wait(DEADLINE)
        assert self._address, log[-20:]
        self._connection = http.client.HTTPConnection(self._address, timeout=DEADLINE)
        self.slowest = 0.0
        """Seconds (real ones) of the page that took longest."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def arguments(self) -> str:
        """As a list of processes shows them."""
        return Path(f"/proc/{self.pid}/cmdline").read_text(encoding="utf-8")

    @property
    def footprint(self) -> Footprint:
        folder = Path(f"/proc/{self.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        files = len(list((folder / "fd").iterdir()))
        return Footprint(int(status["Threads"]), files, int(status["VmRSS"].split()[0]) / 1024)

    def run_to(self, moment: float) -> Known | None:
        """Let it live until a moment; None where it has ended before."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(f"{moment!r}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self._process.stdout.readline()
        return Known.of(line) if line.endswith("\n") else None

    def page(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body."""
        began = time.monotonic()
        self._connection.request(method, path)
        with self._connection.getresponse() as answer:
            text = answer.read().decode()
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer.status, text

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def limit_files(self, size: int) -> None:
        """No file can become larger than so many bytes, as on a full disk; -1 ends that."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, most))

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._process.kill()
        self._wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self._process.terminate()
        return self._wait()

    def _wait(self) -> int:
        status = self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self._connection.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream
            try:
                stream.close()
            except BrokenPipeError:
                continue
        return status

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._log.append(line)
            if not self._address and '"listening"' in line:
                self._address = json.loads(line)["address"]
                self._listening.set()
        self._listening.set()
