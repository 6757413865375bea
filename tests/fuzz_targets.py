"""What is fuzzed: each target takes bytes, and raises only where the product has a mistake.

The files of ``tests/corpus/TARGET/`` are where mutations begin, and run in every test; what was once found is among
them.
"""

import contextlib
import math
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from web_support import FakeExporter, serving

from fusionsolar_exporter.config import ConfigError, load_config
from fusionsolar_exporter.config.load import load_web_config
from fusionsolar_exporter.northbound import answers, convergence, periodic
from fusionsolar_exporter.northbound.answers import Items, Page
from fusionsolar_exporter.northbound.auth import session_auth
from fusionsolar_exporter.northbound.bounds import LONGEST_NAME
from fusionsolar_exporter.northbound.client import Client
from fusionsolar_exporter.northbound.envelope import open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.json_answer import parse_json
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
from fusionsolar_exporter.northbound.oauth import read_tokens
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer, TransportSettings
from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.security.tls_context import server_context

CORPUS = Path(__file__).parent / "corpus"
Target = Callable[[bytes], None]
_SECONDS = 10.0

PARSERS: tuple[Callable[[Any], Items[Any] | Page[Any]], ...] = (
    lambda data: answers.plants(data, megawatts=False),
    lambda data: answers.plants(data, megawatts=True),
    answers.devices,
    answers.plant_readings,
    answers.device_readings,
    answers.alarms,
    periodic.plant_rows,
    periodic.device_rows,
    convergence.readings,
)


def envelope(data: bytes) -> None:
    for interface in (Interface.LOGIN, Interface.GET_DEV_REAL_KPI):
        with contextlib.suppress(NorthboundError):
            open_envelope(RawAnswer(200, data, "application/json", ""), interface)


def tokens(data: bytes) -> None:
    for status in (200, 400):
        with contextlib.suppress(NorthboundError):
            read_tokens(RawAnswer(status, data, "application/json", ""))


def parsers(data: bytes) -> None:
    try:
        tree = parse_json(data, Interface.GET_DEV_HISTORY_KPI)
    except (ValueError, RecursionError):
        return
    for some in (tree, tree.get("data") if isinstance(tree, dict) else [tree]):
        for parse in PARSERS:
            check_parsed(parse(some))


def check_parsed(found: Items[Any] | Page[Any]) -> None:
    """What every parser promises."""
    assert found.dropped >= 0
    for item in found.items:
        _check(item)


def _check(item: Plant | Device | Reading | DatedReading | Alarm) -> None:
    if isinstance(item, Reading | DatedReading):
        assert item.id
        assert all(map(math.isfinite, item.values.values()))
        texts = [item.id, *item.values]
    else:
        names = item._fields if isinstance(item, Device) else item.__slots__
        values = [getattr(item, name) for name in names if name not in {"cause", "repair"}]
        assert all(math.isfinite(value) for value in values if isinstance(value, float))
        texts = [value for value in values if isinstance(value, str)]
    assert max(map(len, texts)) <= LONGEST_NAME + 1


@contextmanager
def http_answers() -> Iterator[Target]:
    """Whole answers, each over a connection of its own, read by the client with every parser."""
    told = [b""]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), sock:
                    sock.settimeout(_SECONDS)
                    _read_request(sock)
                    sock.sendall(told[0])
                    sock.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        transport = HttpTransport(TransportSettings(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=_SECONDS))
        client = Client(transport, session_auth("token"))
        calls: tuple[Callable[[], object], ...] = (
            lambda: client.login("user", "password"),
            lambda: client.stations(1),
            lambda: client.device_list(["P"]),
            lambda: client.device_readings(1, ["1"], type_as_text=False),
            lambda: client.alarms(["P"], begin=0, end=1, language="en_US", levels=[1]),
        )

        def run(data: bytes) -> None:
            told[0] = data
            with contextlib.suppress(NorthboundError):
                calls[len(data) % len(calls)]()

        try:
            yield run
        finally:
            transport.close()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(_SECONDS)


def _read_request(sock: socket.socket) -> None:
    with sock.makefile("rb") as reader:
        length = 0
        while line := reader.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        reader.read(length)


@contextmanager
def web_requests() -> Iterator[Target]:
    """Requests to the own web server, which answers a plain one after each of them."""
    exporter = FakeExporter()
    with serving(exporter=exporter, limits=ConnectionLimits(request_seconds=_SECONDS)) as server:
        host, port = server.addresses[0].rsplit(":", 1)

        def run(data: bytes) -> None:
            address = host, int(port)
            with socket.create_connection(address, timeout=_SECONDS) as sock, contextlib.suppress(OSError):
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            exporter.asked.clear()
            with socket.create_connection(address, timeout=_SECONDS) as sock:
                sock.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                assert sock.recv(64).startswith(b"HTTP/1.1 200 ")

        yield run


@contextmanager
def _in_file(read: Callable[[Path], object]) -> Iterator[Target]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yml"

        def run(data: bytes) -> None:
            path.write_bytes(data)
            problems = _problems(lambda: read(path))
            assert problems != ()
            assert all(line.isprintable() for line in problems or ())

        yield run


def _problems(call: Callable[[], object]) -> tuple[str, ...] | None:
    try:
        call()
    except ConfigError as error:
        return tuple(error.problems)
    return None


def configurations() -> contextlib.AbstractContextManager[Target]:
    return _in_file(lambda path: load_config(path, {"PASSWORD": "p", "EMPTY": ""}).warnings)


def web_configurations() -> contextlib.AbstractContextManager[Target]:
    def read(path: Path) -> None:
        config = load_web_config(path)
        assert all(line.isprintable() for line in config.reservations)
        if config.tls_server_config is not None:
            server_context(config.tls_server_config)

    return _in_file(read)


TARGETS: Mapping[str, Callable[[], contextlib.AbstractContextManager[Target]]] = {
    "envelope": lambda: contextlib.nullcontext(envelope),
    "tokens": lambda: contextlib.nullcontext(tokens),
    "parsers": lambda: contextlib.nullcontext(parsers),
    "http_answers": http_answers,
    "web_requests": web_requests,
    "configurations": configurations,
    "web_configurations": web_configurations,
}


def seeds(target: str) -> list[bytes]:
    """The corpus of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]
