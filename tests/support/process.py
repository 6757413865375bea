"""The exporter as a real process, against a far side whose time runs faster and whose limits are scaled alike."""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

DEADLINE = 60.0  # seconds


class ExporterProcess:
    """``fusionsolar-exporter serve`` with a configuration, on a free port; a context manager that ends it."""

    def __init__(self, config: Mapping[str, Any], directory: Path) -> None:
        self._file = directory / "exporter.yml"
        self._file.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
        self._file.chmod(0o600)
        self.log: list[str] = []
        environment = os.environ | {"NO_PROXY": "127.0.0.1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fusionsolar_exporter", f"--config.file={self._file}", *_ANYWHERE],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._listening.wait(DEADLINE), self.log
        assert self._process.poll() is None, self.log

    @property
    def address(self) -> str:
        """Host and port."""
        found = re.search(r'msg=listening address=(\S+)|msg="listening" address=(\S+)', "".join(self.log))
        assert found, self.log
        return found[1] or found[2]

    def metrics(self) -> str:
        """One scrape."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def page(self, path: str, method: str = "GET") -> str:
        """Any other page."""
        request = urllib.request.Request(f"http://{self.address}{path}", method=method)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    @property
    def arguments(self) -> bytes:
        """As a list of processes shows them."""
        return Path(f"/proc/{self._process.pid}/cmdline").read_bytes()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)

    def signal(self, number: signal.Signals) -> None:
        """Any other signal."""
        self._process.send_signal(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self._process.stderr
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.log.append(line)
            if "listening" in line:
                self._listening.set()
        self._listening.set()


_ANYWHERE = ("--web.listen-address=127.0.0.1:0", "--log.level=debug")


def fetch(url: str, pattern: str, seconds: float) -> str:
    """An answer as soon as it has what is looked for."""
    pause = threading.Event()
    for _ in range(int(seconds * 10)):
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            text = str(answer.read().decode())
        if re.search(pattern, text, re.MULTILINE):
            return text
        pause.wait(0.1)
    raise AssertionError(f"{pattern} is not in {url}")
