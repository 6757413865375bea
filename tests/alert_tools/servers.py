"""Real Prometheus and Alertmanager on free ports, and a receiver of their notifications."""

import json
import re
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from alert_tools.promtool import program

DEADLINE = 60.0  # seconds
_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
_BETWEEN_LOOKS = 0.05


@contextmanager
def serving(path: str, *arguments: str, log: Path) -> Iterator[str]:
    """The URL of a program that listens on a port of its own choice."""
    with log.open("w") as file, subprocess.Popen([path, *arguments], stdout=file, stderr=file) as process:
        try:
            wait_for(lambda: process.poll() is not None or _LISTENING.search(log.read_text()), "it does not listen")
            address = _LISTENING.search(log.read_text())
            assert address, log.read_text()
            wait_for(lambda: _answers(f"http://{address[1]}/-/ready"), "it is not ready")
            yield f"http://{address[1]}"
        finally:
            process.terminate()


@contextmanager
def alertmanager(config: Path, directory: Path) -> Iterator[str]:
    """A running Alertmanager of its own, without others."""
    state = f"--storage.path={directory / 'alertmanager'}"
    arguments = (f"--config.file={config}", state, "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=")
    path = program("prometheus-alertmanager", "alertmanager")  # Debian's name, and that of the project
    with serving(path, *arguments, log=directory / "alertmanager.log") as url:
        yield url


@contextmanager
def prometheus(config: Path, directory: Path) -> Iterator[str]:
    """A running Prometheus."""
    state = f"--storage.tsdb.path={directory / 'prometheus'}"
    arguments = (f"--config.file={config}", state, "--web.listen-address=127.0.0.1:0")
    with serving(program("prometheus"), *arguments, log=directory / "prometheus.log") as url:
        yield url


class Inbox:
    """What was posted to the receiver, by path."""

    def __init__(self) -> None:
        self.url = ""
        self._arrived = threading.Condition()
        self._messages: list[tuple[str, Any]] = []

    def add(self, path: str, message: Any) -> None:
        """A message has come."""
        with self._arrived:
            self._messages.append((path, message))
            self._arrived.notify_all()

    def wait(self, path: str, wanted: Callable[[Any], bool]) -> Any:
        """The first message to ``path`` that is wanted, as soon as it has come."""

        def found() -> Any:
            return next((message for to, message in self._messages if to == path and wanted(message)), None)

        with self._arrived:
            assert self._arrived.wait_for(found, DEADLINE), self._messages
            return found()


@contextmanager
def receiver() -> Iterator[Inbox]:
    """An HTTP server that takes every JSON message."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")
            inbox.add(self.path, json.loads(body))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        inbox.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join()


def ask(url: str, body: object = None) -> Any:
    """What a JSON interface answers to a GET, or to a POST of ``body``; None where it answers nothing."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def wait_for(reached: Callable[[], object], otherwise: str) -> None:
    """Look again and again; AssertionError where it is never reached."""
    pause = threading.Event()
    for _ in range(int(DEADLINE / _BETWEEN_LOOKS)):
        if reached():
            return
        pause.wait(_BETWEEN_LOOKS)
    raise AssertionError(otherwise)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
