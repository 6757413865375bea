"""Runs the command line in this process, as a user would from a shell: waits for its lines, ends it with a signal."""

import io
import os
import re
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fusionsolar_exporter.cli import main

DEADLINE = 20.0  # seconds


class Lines(io.StringIO):
    """What a command writes; lets another thread wait for a line."""

    def __init__(self) -> None:
        super().__init__()
        self._written = threading.Condition()
        self._complete = False

    def write(self, text: str) -> int:
        with self._written:
            count = super().write(text)
            self._written.notify_all()
            return count

    def complete(self) -> None:
        """The command has ended: nothing more is written, and nobody need wait."""
        with self._written:
            self._complete = True
            self._written.notify_all()

    def wait_for(self, pattern: str) -> str:
        """The first group of the first match, as soon as it is there."""
        with self._written:
            self._written.wait_for(lambda: self._complete or re.search(pattern, self.getvalue()), DEADLINE)
            match = re.search(pattern, self.getvalue())
            assert match is not None, self.getvalue()
            return match.group(match.lastindex or 0)


@dataclass
class Running:
    """A command that serves, and what can be done to it meanwhile."""

    lines: Lines

    @property
    def address(self) -> str:
        return self.lines.wait_for(r'msg="(?:simulator )?listening" (?:address=|url=http://)(\S+)')

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def post(self, path: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://{self.address}{path}", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def get_until(self, path: str, pattern: str) -> str:
        """Ask again until the answer matches; each answer takes its time, so this does not spin."""
        pause = threading.Event()
        for _ in range(int(DEADLINE / 0.05)):
            body = self.get(path)
            if re.search(pattern, body, re.MULTILINE):
                return body
            pause.wait(0.05)
        raise AssertionError(f"{pattern} is not in {path}: {self.lines.getvalue()}")


def run_command(
    argv: list[str], meanwhile: Callable[[Running], None], monkeypatch: pytest.MonkeyPatch, end: int = signal.SIGTERM
) -> tuple[int, str]:
    """Run a command that serves until a signal; its exit status and what it wrote to standard error."""
    lines = Lines()
    monkeypatch.setattr(sys, "stderr", lines)
    failures: list[BaseException] = []
    ended, ending = False, threading.Lock()

    def act() -> None:
        try:
            meanwhile(Running(lines))
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            with ending:
                if not ended:  # later the signal would end the tests
                    os.kill(os.getpid(), end)

    acting = threading.Thread(target=act)
    acting.start()
    # whatever comes before the command takes signals, or after it, is for this handler
    before = signal.signal(end, lambda *_: None)
    try:
        status = main(argv)
    finally:
        with ending:
            ended = True
        lines.complete()
        acting.join(DEADLINE)
        signal.signal(end, before)
    if failures:
        raise failures[0]
    return status, lines.getvalue()
