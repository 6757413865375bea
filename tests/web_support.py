"""What the tests of the web pages share: an exporter that serves what it is told, and real sockets to ask it."""

import http.client
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.reload_outcome import ReloadOutcome
from fusionsolar_exporter.rendering.piece import Body, Piece, body
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import (
    AccountState,
    AccountStatus,
    CollectorName,
    CollectorStatus,
    FailureNote,
    InterfaceStatus,
)
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.asgi import AsgiApplication
from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.server import WebServer
from fusionsolar_exporter.web.status.overview import PlantOverview

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC
WALL_AHEAD = 7.0
DEADLINE = 10.0
EVIL = "</script><img src=x onerror=alert(1)>\"'&<style>"
FAILURE = FailureNote(NOW - 65, "getAlarmList", "permission", 20056, f"refused {EVIL}", "Ask the owner.")


class FixedClock:
    """Stands still; the wall is a known distance ahead, so that forgetting to convert a moment shows."""

    def now(self) -> float:
        return NOW

    def wall(self, moment: float) -> float:
        return moment + WALL_AHEAD

    def boot(self, moment: float) -> tuple[str, float]:
        return "boot", moment

    def wait(self, event: threading.Event, seconds: float) -> None:
        raise AssertionError(f"a page waited {seconds} s for {event}")

    def pause(self, seconds: float) -> None:
        raise AssertionError(f"a page waited {seconds} s")


@dataclass
class FakeExporter:
    """Answers with what its fields say, and notes what it was asked."""

    body: bytes = b"# TYPE up gauge\nup 1\n"
    accounts: Sequence[AccountView] = ()
    waiting: Sequence[str] = ()
    ailing: Sequence[str] = ()
    problems: Sequence[str] = ()
    broken: bool = False
    failure: Exception | None = None
    asked: list[tuple[bool, frozenset[str] | None, frozenset[str] | None]] = field(default_factory=list)
    reloads: int = 0
    began: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_answer: threading.Event = field(default_factory=threading.Event)
    asked_views: int = 0

    def __post_init__(self) -> None:
        self.may_answer.set()
        self.piece = Piece.of(self.body)
        self.overview = PlantOverview(FixedClock())

    def exposition(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        self.asked.append((openmetrics, accounts, names))
        self.began.release()
        if self.failure is not None:
            raise self.failure
        return body([self.piece], gzipped=gzipped)

    def views(self) -> Sequence[AccountView]:
        """Takes as long as a test wants."""
        self.asked_views += 1
        self.began.release()
        assert self.may_answer.wait(DEADLINE)
        return self.accounts

    def waited_for(self) -> Sequence[str]:
        return self.waiting

    def ailments(self) -> Sequence[str]:
        return self.ailing

    def reload(self) -> ReloadOutcome:
        self.reloads += 1
        return ReloadOutcome(self.problems, self.broken)


@contextmanager
def serving(
    app: AsgiApplication | None = None,
    *,
    exporter: FakeExporter | None = None,
    limits: ConnectionLimits | None = None,
    counts: ConnectionCounts | None = None,
    addresses: Sequence[str] = ("127.0.0.1:0",),
    grace_seconds: int = 3,
) -> Iterator[WebServer]:
    """Run a server in a thread for the duration of a test."""
    served = app or Application(exporter or FakeExporter(), clock=FixedClock())
    server = WebServer(
        served,
        listen_on(addresses),
        counts=counts,
        limits=limits or ConnectionLimits(),
        grace_seconds=grace_seconds,
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the server did not stop"


def endpoint(server: WebServer, number: int = 0) -> tuple[str, int]:
    host, _, port = server.addresses[number].rpartition(":")
    return host.strip("[]"), int(port)


def connect(server: WebServer, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(endpoint(server), timeout=DEADLINE)
    connection.sendall(sent)
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the server closes; being reset is a way of closing."""
    parts: list[bytes] = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(server: WebServer, path: str, method: str = "GET", **headers: str | bytes) -> Answer:
    """One request on a connection of its own; underscores in header names become hyphens."""
    connection = http.client.HTTPConnection(*endpoint(server), timeout=DEADLINE)
    try:
        return ask_on(connection, path, method, **headers)
    finally:
        connection.close()


def ask_on(connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str | bytes) -> Answer:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def account(
    name: str = "default",
    *,
    state: AccountState = AccountState.OK,
    plants: Sequence[str] = ("Roof",),
    devices: Sequence[int] = (1, 1, 39),
    failures: Sequence[FailureNote] = (),
    had_first_outcome: bool = True,
) -> AccountView:
    """An account whose every plant has devices of the given types."""
    plant_of = {f"NE={number:03}": Plant(f"NE={number:03}", plant) for number, plant in enumerate(plants)}
    device_of = {
        f"{code}-{place}": Device(f"{code}-{place}", "device", code, type_id)
        for code in plant_of
        for place, type_id in enumerate(devices)
    }
    interface = InterfaceStatus(
        interface="getDevRealKpi",
        quota_calls=4,
        window_seconds=303.0,
        calls=(NOW - 400, NOW - 200, NOW - 100),
        next_request_at=NOW + 20,
        held_until=None,
        hold_reason="",
    )
    held = InterfaceStatus("login", 5, 603.0, (), None, NOW + 1800, "the far side refused the login")
    collectors = (
        CollectorStatus(CollectorName.PLANT_REALTIME, True, True, 300.0, NOW - 90, NOW + 210, 0.4, 1),
        CollectorStatus(CollectorName.ALARMS, True, False, 5400.0, NOW - 9000, NOW + 60, 2.0, 1),
        CollectorStatus(CollectorName.DEVICE_REALTIME, True, False, float("inf"), None, None, None, 0),
        CollectorStatus(CollectorName.DEVICE_LIST, False, False, 3600.0, None, None, None, 0),
    )
    return AccountView(
        name=name,
        snapshot=Snapshot(
            plants={**plant_of, "NE=gone": Plant("NE=gone", "No longer listed")},
            devices=device_of,
            listed_plants=frozenset(plant_of),
            listed_devices=frozenset(device_of),
            alarms={code: PlantAlarms((), complete=True) for code in list(plant_of)[:1]},
            entries={CollectorName.PLANT_REALTIME: len(plant_of)},
            expired={CollectorName.PLANT_REALTIME: 2},
        ),
        status=AccountStatus(
            account=name,
            host="eu5.fusionsolar.huawei.com",
            state=state,
            up=state is AccountState.OK,
            leads=True,
            had_first_outcome=had_first_outcome,
            clock_offset_seconds=1.5,
            stretch=1.25,
            interfaces=(interface, held),
            collectors=collectors,
            failures=tuple(failures),
        ),
        scale_overrides=ScaleOverrides(),
    )
