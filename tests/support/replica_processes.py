"""Exporters as real processes over one Redis, whose far side's time runs fast."""

import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fusionsolar_exporter.demo import scaled_rate_limits
from support.scrape import Scrape

SPEED = 60.0
USER, PASSWORD = "northbound", "k7Qz wv9R-tx4M"
DEADLINE = 30.0  # seconds
LEADER = "fusionsolar_account_leader"


class Process:
    """One exporter."""

    def __init__(self, config: Path, log: Path) -> None:
        self.log = log
        arguments = [sys.executable, "-m", "fusionsolar_exporter", "--config.file", str(config)]
        with log.open("wb") as file:
            self.popen = subprocess.Popen([*arguments, "--web.listen-address", "127.0.0.1:0"], stderr=file)
        self._address = ""

    @property
    def address(self) -> str:
        if not self._address:
            found = re.search(r'msg="?listening"? address=(\S+)', self.log.read_text())
            self._address = found[1] if found else ""
        return self._address

    def scrape(self) -> Scrape:
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=DEADLINE) as answer:
            return Scrape(answer.read().decode())

    def led(self) -> set[str]:
        return {account for account, leads in self.scrape().by("account", LEADER).items() if leads}

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=DEADLINE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def end(self) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.kill()
        self.popen.wait(DEADLINE)


def until(reached: Callable[[], Any], otherwise: str, seconds: float = DEADLINE) -> float:
    """Look again and again; the seconds it took."""
    began = time.monotonic()
    pause = threading.Event()
    while not reached():
        assert time.monotonic() - began < seconds, otherwise
        pause.wait(0.05)
    return time.monotonic() - began


def account(name: str, url: str) -> dict[str, Any]:
    rates = scaled_rate_limits(SPEED, margin=9.0)
    return {"name": name, "url": url, "username": USER, "password": PASSWORD, "rate_limits": rates}
