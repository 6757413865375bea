"""The simulated system over real sockets, and its command."""

import argparse
import http.client
import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
import trustme
from support.command import Running, run_command
from test_simulator_support import PASSWORD, USER, World

from fusionsolar_exporter.simulator import command
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer

LOGIN = json.dumps({"userName": USER, "systemCode": PASSWORD}).encode()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[SimulatorServer]:
    with SimulatorServer(world.system) as server:
        yield server


def connect(server: SimulatorServer) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.connect()
    return connection


def post(
    connection: http.client.HTTPConnection, interface: str, body: bytes, token: str = ""
) -> http.client.HTTPResponse:
    connection.request("POST", f"/thirdData/{interface}", body, {"XSRF-TOKEN": token})
    return connection.getresponse()


def test_connection_stays_open_and_carries_the_session(server: SimulatorServer) -> None:
    connection = connect(server)
    own = connection.sock.getsockname()
    login = post(connection, "login", LOGIN)
    token = login.headers["xsrf-token"]
    assert json.loads(login.read())["failCode"] == 0
    listed = json.loads(post(connection, "stations", b'{"pageNo":1}', token).read())
    assert listed["data"]["total"] == 2
    assert connection.sock.getsockname() == own
    connection.close()


def test_server_stops_although_a_client_stays_connected(world: World) -> None:
    before = threading.active_count()
    server = SimulatorServer(world.system)
    server.start()
    idle = connect(server)
    post(idle, "login", LOGIN).read()
    server.stop()
    assert threading.active_count() == before
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_server_that_never_started_stops_too(world: World) -> None:
    SimulatorServer(world.system).stop()


def test_held_answers_end_with_the_server(world: World) -> None:
    server = SimulatorServer(world.system)
    server.start()
    world.system.faults.order(Fault(FaultKind.HOLD, times=None, hold_seconds=60))
    connection = connect(server)
    connection.request("POST", "/thirdData/login", LOGIN)
    deadline = time.monotonic() + 10
    while not world.system.log.requests:
        assert time.monotonic() < deadline
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 10
    connection.close()


def test_body_cut_short(server: SimulatorServer, world: World) -> None:
    world.system.faults.order(Fault(FaultKind.CUT))
    connection = connect(server)
    answer = post(connection, "login", LOGIN)
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()


def test_connection_reset(server: SimulatorServer, world: World) -> None:
    world.system.faults.order(Fault(FaultKind.RESET))
    connection = connect(server)
    with pytest.raises(ConnectionResetError):
        post(connection, "login", LOGIN)
    connection.close()


def test_page_and_redirect(server: SimulatorServer, world: World) -> None:
    world.system.faults.order(Fault(FaultKind.HTML))
    world.system.faults.order(Fault(FaultKind.REDIRECT))
    connection = connect(server)
    page = post(connection, "login", LOGIN)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    page.read()
    moved = post(connection, "login", LOGIN)
    assert (moved.status, moved.headers["Location"]) == (302, "/login")
    connection.close()


def test_date_is_that_of_the_simulated_world(server: SimulatorServer, world: World) -> None:
    connection = connect(server)
    date = post(connection, "login", LOGIN).headers["Date"]
    assert parsedate_to_datetime(date).timestamp() == world.now
    connection.close()


def test_chunked_bodies_are_refused(server: SimulatorServer) -> None:
    connection = connect(server)
    connection.putrequest("POST", "/thirdData/login")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()  # no body: the server may close before it is sent
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("length", ["x", "1000001"])
def test_bodies_of_unknown_or_large_size_are_refused(server: SimulatorServer, length: str) -> None:
    connection = connect(server)
    connection.putrequest("POST", "/thirdData/login")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_other_methods_and_paths(server: SimulatorServer) -> None:
    connection = connect(server)
    connection.request("GET", "/thirdData/login")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    answer.read()
    assert post(connection, "nothing", b"").status == 404
    connection.close()


def test_tls_and_a_silent_client_that_holds_up_nobody(world: World) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with SimulatorServer(world.system, tls=context) as server:
        assert server.url.startswith("https://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", server.port), timeout=10):
            connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=trust)
            connection.request("POST", "/thirdData/login", LOGIN)
            assert connection.getresponse().headers["xsrf-token"]
            connection.close()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
            plain.sendall(b"POST / HTTP/1.1\r\n\r\n")
            assert plain.recv(100) != b"HTTP"


def test_errors_of_the_program_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.system.now = lambda: 1 / 0  # the owner's clock fails
    with SimulatorServer(world.system) as server:
        connection = connect(server)
        with pytest.raises(http.client.RemoteDisconnected):
            post(connection, "login", LOGIN)
        connection.close()
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_ipv6(world: World) -> None:
    try:
        server = SimulatorServer(world.system, "::1")
    except OSError:
        pytest.skip("this host has no IPv6")
    with server:
        assert urlsplit(server.url).hostname == "::1"


def test_scaled_time_runs_as_fast_as_wanted() -> None:
    fast, wall = ScaledTime(1e6, start=5e8), ScaledTime()
    deadline = time.monotonic() + 5
    while fast() < 5e8 + 1000:
        assert time.monotonic() < deadline
    assert abs(wall() - time.time()) < 60
    with pytest.raises(ValueError, match="speed is 0"):
        ScaledTime(0)


def parsed(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    return parser.parse_args(flags)


class Messages(io.StringIO):
    """Standard error that tells when a line has come."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def flush(self) -> None:
        self.told.set()


@pytest.mark.parametrize("environ", [{}, {"FUSIONSOLAR_USERNAME": USER, "FUSIONSOLAR_PASSWORD": PASSWORD}])
def test_command_serves_until_sigterm_and_returns_0(environ: dict[str, str]) -> None:
    args = parsed(
        "--web.listen-address=127.0.0.1:0",
        "--plants=3",
        "--devices-per-plant=5",
        "--speed=60",
        "--seed=7",
        "--start=2025-06-15T12:00:00+00:00",
        "--quirks",
        "--oauth",
    )
    messages, seen = Messages(), []

    def client() -> None:
        try:
            assert messages.told.wait(10)
            line = messages.getvalue()
            host = urlsplit(line.split("url=")[1].split()[0]).netloc
            connection = http.client.HTTPConnection(host, timeout=10)
            name, password = environ.get("FUSIONSOLAR_USERNAME"), environ.get("FUSIONSOLAR_PASSWORD")
            login = {"userName": name or command.DEMO_USERNAME, "systemCode": password or command.DEMO_PASSWORD}
            answer = post(connection, "login", json.dumps(login).encode())
            answer.read()
            listed = json.loads(post(connection, "stations", b'{"pageNo":1}', answer.headers["xsrf-token"]).read())
            seen.append((line, listed["data"]["total"]))
            connection.request("GET", "/callback?code=1")
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            if messages.told.is_set():  # only then is the signal awaited
                os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=client)
    thread.start()
    assert command.run(args, environ=environ, messages=messages) == 0
    thread.join()
    ((line, total),) = seen
    assert total == 3
    assert f"username={environ.get('FUSIONSOLAR_USERNAME', command.DEMO_USERNAME)}" in line
    assert (f"the password {command.DEMO_PASSWORD}." in line) == (not environ)
    assert PASSWORD not in line, "it may be that of a real account"


@pytest.mark.no_cover
def test_the_line_that_it_prints_starts_the_exporter_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line = [sys.executable, "-m", "fusionsolar_exporter", "simulator", "--web.listen-address=127.0.0.1:0"]

    def values(exporter: Running) -> None:
        exporter.get_until("/metrics", r"^fusionsolar_plant_day_yield_watthours\{")

    with subprocess.Popen(command_line, stderr=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stderr
            for line in simulator.stderr:
                for name, value in re.findall(r"(FUSIONSOLAR_\w+)=(\S+)", line):
                    monkeypatch.setenv(name, value)
                if line.split() == ["fusionsolar-exporter", "serve"]:
                    break
            status, _ = run_command(["serve", "--web.listen-address=127.0.0.1:0"], values, monkeypatch)
        finally:
            simulator.terminate()

    assert status == 0


def test_command_says_which_address_it_cannot_have(server: SimulatorServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parsed(f"--web.listen-address=127.0.0.1:{server.port}")) == 1
    assert f"cannot serve on 127.0.0.1 port {server.port}" in capsys.readouterr().err


def test_default_flags() -> None:
    args = parsed()
    assert (args.listen_address, args.speed, args.start, args.quirks) == (("127.0.0.1", 10036), 1, None, False)
    assert parsed("--web.listen-address=[::1]:0").listen_address == ("::1", 0)
    assert parsed("--web.listen-address=:80").listen_address == ("0.0.0.0", 80)


@pytest.mark.parametrize(
    ("flag", "expectation"),
    [
        ("--web.listen-address=10036", "write HOST:PORT"),
        ("--web.listen-address=a:65536", "write HOST:PORT"),
        ("--simulator.plants=-1", "write a number from 0 to"),
        ("--simulator.speed=0", "a factor above 0"),
        ("--simulator.speed=fast", "a factor above 0"),
        ("--simulator.start=noon", "with its zone"),
        ("--simulator.start=2025-06-15T12:00:00", "with its zone"),
        ("--simulator.limits=getDevRealKpi", "says nothing"),
        ("--simulator.limits=@/nowhere/limits.txt", "/nowhere/limits.txt cannot be read: No such file or directory"),
    ],
)
def test_flags_that_make_no_sense_say_what_to_write(flag: str, expectation: str) -> None:
    with pytest.raises(argparse.ArgumentError, match=expectation):
        parsed(flag)
