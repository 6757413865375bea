"""The command ``healthcheck``: its exit status and what it says, against the exporter and against worse."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from support.command import Running, run_command

from fusionsolar_exporter import healthcheck
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Listener:
    """Answers each connection with the same bytes, or keeps silent, and remembers what it was asked."""

    def __init__(self, family: int, host: str, answer: bytes | None) -> None:
        self._answer = answer
        self._socket = socket.create_server((host, 0), family=socket.AddressFamily(family))
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[bytes] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if self._over.is_set():
                    return
                self.asked.append(connection.recv(4096))
                if self._answer is None:
                    self._over.wait(10)
                else:
                    connection.sendall(self._answer)

    def close(self) -> None:
        self._over.set()
        socket.create_connection(self._socket.getsockname()[:2]).close()
        self._thread.join(10)
        self._socket.close()


@contextmanager
def listening(answer: bytes | None = OK, host: str = "127.0.0.1", family: int = socket.AF_INET) -> Iterator[Listener]:
    listener = Listener(family, host, answer)
    try:
        yield listener
    finally:
        listener.close()


def check(*addresses: str) -> int:
    return main(["healthcheck", *(f"--web.listen-address={address}" for address in addresses)])


def test_the_exporter_is_healthy_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[str, int]] = []
    system = SimulatedSystem(SimulatedFleet(FleetPlan(plants=1)), now=lambda: 1e9, users={})
    with SimulatorServer(system) as far:
        monkeypatch.setenv("FUSIONSOLAR_URL", far.url)
        monkeypatch.setenv("FUSIONSOLAR_USERNAME", "user")
        monkeypatch.setenv("FUSIONSOLAR_PASSWORD", "wrong password")

        def meanwhile(running: Running) -> None:
            seen.append((running.address, check(running.address)))

        run_command(["--web.listen-address=127.0.0.1:0"], meanwhile, monkeypatch)

    ((address, status),) = seen
    assert status == 0
    assert check(address) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("host", "given"),
    [("127.0.0.1", ""), ("127.0.0.1", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "localhost")],
)
def test_what_is_listened_on_everywhere_is_asked_here(host: str, given: str) -> None:
    with listening(host=host) as listener:
        assert check(f"{given}:{listener.port}") == 0
        assert listener.asked[0].startswith(b"GET /-/healthy HTTP/1.1\r\n")


@pytest.mark.parametrize("given", ["[::]", "[::1]"])
def test_ipv6(given: str) -> None:
    try:
        with listening(host="::1", family=socket.AF_INET6) as listener:
            assert check(f"{given}:{listener.port}") == 0
    except OSError:
        pytest.skip("this host has no IPv6")


def test_the_first_of_several_addresses_is_asked() -> None:
    with listening() as first, listening() as second:
        assert check(f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}") == 0
        assert (len(first.asked), len(second.asked)) == (1, 0)


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy, listening() as listener:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert check(f":{listener.port}") == 0
        assert proxy.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "HTTP status 503, expected 200"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "SSH-2.0"),
        (b"", "Remote end closed connection"),
        (None, "timed out"),
    ],
)
def test_anything_else_is_unhealthy_and_says_why(
    answer: bytes | None, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthcheck, "TIMEOUT", 0.3)
    with listening(answer) as listener:
        status = check(f"127.0.0.1:{listener.port}")

    (line,) = capsys.readouterr().err.splitlines()
    assert status == 1
    assert line.startswith(f"unhealthy: http://127.0.0.1:{listener.port}/-/healthy: ")
    assert words in line


def test_the_default_address_is_that_of_serve(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refusing(HTTPConnection):
        def connect(self) -> None:
            raise ConnectionRefusedError(f"asked {self.host} {self.port}")

    monkeypatch.setattr(healthcheck, "HTTPConnection", Refusing)

    assert main(["healthcheck"]) == 1
    assert capsys.readouterr().err == "unhealthy: http://localhost:10035/-/healthy: asked localhost 10035\n"


@pytest.mark.parametrize("address", ["10035", "localhost", "::1:10035", ":port", ":0", ":65536", ":\u0661"])
def test_no_address_is_a_mistake_of_usage(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        check(address)

    assert caught.value.code == 2
    assert "--web.listen-address" in capsys.readouterr().err
