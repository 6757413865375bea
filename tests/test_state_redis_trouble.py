"""A Redis that is down, silent, full, read-only, foreign or wrongly addressed: a clear line, and nothing is led."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from support.manual_clock import ManualClock
from support.observed import Observed
from support.redis_server import DEADLINE, RedisServer, TimedLink
from support.world import ListLog

from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.state.redis.link import Answer, Argument, LinkDownError
from fusionsolar_exporter.state.redis.partition import RedisPartition
from fusionsolar_exporter.state.redis.scripts import PREFIX, RENEW
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.state.store import Entry, NotLeadingError

LEASE = 15.0
SECRET = "hunter2-and more"
ENCODED = "hunter2-and%20more"
RIGHTS = ("+@all", "-@admin", "-@dangerous")


class Opened:
    """A state that is opened in the test's time, and all that it says."""

    def __init__(self, url: str, lease: float = LEASE) -> None:
        self.clock = ManualClock()
        self.log = ListLog()
        self.observed = Observed()
        self.link = TimedLink(url, lease, self.clock, self.log, self.observed)
        self.state = RedisState(self.link, lease, self.clock, lambda: 0.0)

        self.partition = self.state.partition("far.example", "user")

    def partitions(self) -> list[RedisPartition]:
        """Those of ten other accounts."""
        return [self.state.partition("far.example", f"user-{number}") for number in range(10)]

    @property
    def warning(self) -> str:
        """The only line, which names the address and no secret."""
        ((level, message, fields),) = self.log.lines
        assert level == "warning"
        assert fields["redis"] == self.link.address
        told = f"{message} {fields}"
        assert "hunter2" not in told
        assert "nothing is asked until it can" in message
        return message

    def assert_down(self, what: str, advice: str) -> None:
        assert not self.partition.acquire()
        assert what in self.warning
        assert advice in self.warning
        assert self.observed.works is False
        assert self.observed.failures >= 1

    def assert_up(self) -> None:
        self.clock.advance(1.0)
        assert self.partition.acquire()
        self.partition.write([Entry("account", b"value", self.clock.now(), 60.0)])
        assert self.observed.works is True


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_a_redis_that_is_not_there_yet_delays_nothing(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    opened = Opened(server.url)
    opened.assert_down("it cannot be reached", "start it, or correct state.url")
    failures = opened.observed.failures
    partitions = opened.partitions()
    assert not any(partition.acquire() for partition in partitions)
    assert opened.observed.failures == failures  # not tried again within a second
    opened.clock.advance(1.0)
    assert not any(partition.acquire() for partition in partitions)
    assert opened.observed.failures == failures + 1  # and then by one
    with server:
        opened.clock.advance(1.0)
        assert partitions[3].acquire()
    assert opened.log.messages() == [opened.log.messages()[0], "state in Redis can be used again"]
    assert opened.observed.changes == [False, True]


def test_packets_that_are_dropped_delay_the_start_by_a_second_at_most(stack: ExitStack) -> None:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    address = listener.getsockname()
    for _ in range(3):  # fills what waits to be accepted: further packets are dropped
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(address)
    began = time.monotonic()
    opened = Opened(f"redis://127.0.0.1:{address[1]}/0")
    partitions = opened.partitions()
    assert not any(partition.acquire() for partition in partitions)
    assert time.monotonic() - began < 4.0
    end_of_connecting()
    assert not partitions[0].acquire()
    assert "it does not answer in time" in opened.warning


class Hanging(TimedLink):
    """Does not get as far as Redis until ``go_on`` is set."""

    go_on = threading.Event()

    def _connect(self) -> None:
        self.go_on.wait(DEADLINE)
        super()._connect()


def test_a_name_server_that_hangs_delays_the_start_by_a_second(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        began = time.monotonic()
        link = Hanging(server.url, LEASE, ManualClock())
        with pytest.raises(LinkDownError):
            link.call(RENEW, 1)
        assert time.monotonic() - began < 5.0
        link.go_on.set()
        end_of_connecting()
        assert link.call(RENEW, 1) == []


def test_while_one_tries_nobody_else_waits(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    opened = Opened(server.url)
    link = opened.link
    link.clock.advance(1.0)
    going, reached = threading.Event(), threading.Event()

    def hang(script: str, arguments: Sequence[Argument]) -> Answer:
        reached.set()
        going.wait(DEADLINE)
        return TimedLink.run(link, script, arguments)

    link.run = hang  # type: ignore[method-assign]
    with server:
        trying = threading.Thread(target=lambda: link.call(RENEW, 1))
        trying.start()
        assert reached.wait(DEADLINE)
        began = time.monotonic()
        with pytest.raises(LinkDownError):
            link.call(RENEW, 1)
        assert time.monotonic() - began < 5.0
        going.set()
        trying.join(DEADLINE)
        assert opened.observed.works


@pytest.mark.parametrize("error", [ValueError("I/O operation on closed file."), OSError("bad file"), AttributeError()])
def test_a_call_that_is_on_its_way_when_all_is_closed_ends_quietly(tmp_path: Path, error: Exception) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(server.url)
        link = opened.link

        def run(script: str, arguments: Sequence[Argument]) -> Answer:
            del script, arguments
            link.close()
            raise error

        link.run = run  # type: ignore[method-assign]
        with pytest.raises(LinkDownError):
            link.call(RENEW, 1)
        assert opened.log.lines == []


def test_a_redis_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(server.url, lease=3.0)  # the shorter it is, the less patience there is
        partition = opened.partition
        assert partition.acquire()
        server.pause()
        with pytest.raises(NotLeadingError):
            partition.write([Entry("account", b"value", opened.clock.now(), 60.0)])
        assert "it does not answer in time" in opened.warning
        server.go_on()
        opened.assert_up()


def test_wrong_and_missing_passwords(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--requirepass", SECRET) as server:
        address = f"127.0.0.1:{server.port}/0"
        for url in (f"redis://{address}", f"redis://:hunter2@{address}", f"redis://nobody:{ENCODED}@{address}"):
            opened = Opened(url)
            opened.assert_down("it refuses the user name or password", "correct them in state.url")
            assert opened.link.address == f"127.0.0.1:{server.port}"
        Opened(f"redis://:{ENCODED}@{address}").assert_up()


def test_a_password_where_none_is_wanted(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        Opened(f"redis://:hunter2@127.0.0.1:{server.port}/0").assert_down("it refuses the user name or password", "")


def test_a_user_without_the_rights(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        server.client().execute_command("ACL", "SETUSER", "weak", "on", ">hunter2", "~other:*", *RIGHTS)
        opened = Opened(f"redis://weak:hunter2@127.0.0.1:{server.port}/0")
        opened.assert_down("this user may not use what is needed", f"~{PREFIX}*")
        server.client().execute_command("ACL", "SETUSER", "weak", f"~{PREFIX}*")
        opened.assert_up()


def test_a_database_that_does_not_exist(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(f"redis://127.0.0.1:{server.port}/99")
        opened.assert_down("it does not have this database", "correct the number at the end of state.url")


def test_a_read_only_replica(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(server.url)
        partition = opened.partition
        assert partition.acquire()
        server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(NotLeadingError):
            partition.write([Entry("account", b"value", opened.clock.now(), 60.0)])
        assert "it is a read-only replica" in opened.warning
        server.client().execute_command("REPLICAOF", "NO", "ONE")
        opened.assert_up()


def test_a_redis_without_memory(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(server.url)
        server.client().config_set("maxmemory", "1")
        opened.assert_down("it has no memory left", "raise its maxmemory")
        server.client().config_set("maxmemory", "0")
        opened.assert_up()


def test_a_redis_that_cannot_save(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        client = server.client()
        client.set("something", "to save")
        client.config_set("save", "3600 1")
        (tmp_path / "dump.rdb").mkdir()
        opened = Opened(server.url)
        client.bgsave()
        for _ in range(int(DEADLINE / 0.01)):
            if client.info("persistence")["rdb_last_bgsave_status"] == "err":
                break
            threading.Event().wait(0.01)
        opened.assert_down("it refuses writes because it cannot save its data to disk", "see its log")


def test_another_kind_of_failure_is_told_again(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(server.url)
        partition = opened.partition
        server.client().config_set("maxmemory", "1")
        assert not partition.acquire()
        server.stop()
        opened.clock.advance(1.0)
        assert not partition.acquire()
        assert len(opened.log.messages("warning")) == 2
        assert "no memory left" in opened.log.messages()[0]
        assert "cannot be reached" in opened.log.messages()[1]


class Authority:
    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.ca = trustme.CA()
        certificate = self.ca.issue_cert("127.0.0.1")
        self.file = directory / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.file))
        key, chain = directory / "key.pem", directory / "cert.pem"
        certificate.private_key_pem.write_to_path(str(key))
        certificate.cert_chain_pems[0].write_to_path(str(chain))
        options = ("--tls-cert-file", str(chain), "--tls-key-file", str(key), "--tls-auth-clients", "no")
        self.server = RedisServer(directory, *options, tls=True)
        stack.enter_context(self.server)
        self.address = f"127.0.0.1:{self.server.port}/0"


def test_tls(tmp_path: Path, stack: ExitStack) -> None:
    authority = Authority(tmp_path, stack)
    Opened(f"rediss://{authority.address}?ssl_ca_certs={authority.file}").assert_up()
    unknown = Opened(f"rediss://:hunter2@{authority.address}")
    unknown.assert_down("TLS fails", "?ssl_ca_certs=FILE")
    plain = Opened(f"redis://{authority.address}")
    assert not plain.partition.acquire()
    assert plain.warning


def test_tls_to_a_port_without_it(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        opened = Opened(f"rediss://127.0.0.1:{server.port}/0", lease=3.0)
        end_of_connecting()
        opened.assert_down("it does not answer in time", "with rediss:// see whether this port speaks TLS")


def test_what_is_no_redis(stack: ExitStack) -> None:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    opened = Opened(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
    opened.assert_down("what answers does not speak as Redis does", "correct the port")


def test_the_password_of_the_address_is_a_secret_in_every_spelling() -> None:
    config = validate(
        {
            "accounts": [{"name": "a", "url": "http://far.example", "username": "u", "password": "p"}],
            "state": {"url": f"redis://user:{ENCODED}@redis.example:6380/2"},
        },
        Path.cwd(),
    )
    assert config.state.url.secrets == {SECRET, ENCODED}
    assert "hunter2" not in repr(config)


def test_an_opened_state_renews_by_itself_until_it_is_closed(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        config = validate(
            {
                "accounts": [{"name": "a", "url": "http://far.example", "username": "u", "password": "p"}],
                "state": {"url": server.url, "lease": "300ms"},
            },
            Path.cwd(),
        )
        log, observed, clock = ListLog(), Observed(), SystemClock()
        state = open_state(config.state, clock, log, observed)
        partition = state.partition("far.example", "u")
        wait_until(partition.acquire)
        began = clock.now()
        wait_until(lambda: clock.now() > began + 0.9)
        assert partition.acquire()
        assert server.client().hlen(f"{PREFIX}leases") == 1
        state.close()
        wait_until(lambda: not partition.acquire())
        assert not any(thread.name == "renew" and thread.is_alive() for thread in threads_after(DEADLINE))
        assert log.lines == [
            (
                "info",
                "state is kept in Redis and shared by replicas",
                {"redis": f"127.0.0.1:{server.port}", "lease_seconds": 0.3},
            )
        ]


def end_of_connecting() -> None:
    for thread in threading.enumerate():
        if thread.name == "state-connect":
            thread.join(DEADLINE)


def wait_until(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE / 0.01)):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError


def threads_after(seconds: float) -> list[threading.Thread]:
    """The threads there are once those that renew have had their time to end."""
    for thread in threading.enumerate():
        if thread.name == "renew":
            thread.join(seconds)
    return threading.enumerate()
