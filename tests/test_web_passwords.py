"""Passwords at the door of the web server: compared slowly, remembered, and never mixed up."""

import base64
import contextlib
import os
import threading
import time

import bcrypt
import pytest
import yaml
from support.guarded_server import ALICE, BOB, HASHES, basic, guarded
from support.papers import Papers
from web_support import DEADLINE, connect

from fusionsolar_exporter.web.security.passwords import Passwords


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.of_a_new_authority(tmp_path_factory.mktemp("papers"))


def test_passwords(papers: Papers) -> None:
    with guarded(papers.web_config({"basic_auth_users": HASHES})) as running:
        for _ in range(2):  # compared, then remembered
            assert running.ask(Authorization=basic("alice", ALICE)).status == 200
            assert running.ask(Authorization=basic("bob", BOB)).status == 200
            assert running.ask(Authorization=basic("alice", BOB)).status == 401
            assert running.ask(Authorization=basic("nobody", ALICE)).status == 401
        nameless = "Basic " + base64.b64encode(b"alice").decode()
        for header in ("Bearer x", "Basic", "Basic !", nameless, "", "basic \xff"):
            answer = running.ask(Authorization=header)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        for path in ("/metrics", "/", "/api/v1/status", "/-/ready", "/nowhere"):
            assert running.ask(path=path).status == 401


def test_what_is_remembered_of_one_user_never_serves_another(papers: Papers) -> None:
    # the toolkit once remembered user, hash and password as one text, so that a request could be made to look like
    # another that had been answered already (CVE-2022-46146)
    with guarded(papers.web_config({"basic_auth_users": HASHES})) as running:
        assert running.ask(Authorization=basic("bob", BOB)).status == 200
        fake = HASHES["bob"]
        for user, password in (("bob" + fake, BOB), ("bo", "b" + fake + BOB), ("bob" + fake + BOB, ""), ("", "bob")):
            assert running.ask(Authorization=basic(user, password)).status == 401
            assert running.ask(Authorization=basic(user, password)).status == 401
        assert running.ask(Authorization=basic("bob", BOB)).status == 200


def test_who_guesses_is_told_to_wait_and_keeps_nobody_waiting_who_is_known(papers: Papers) -> None:
    slow, begun = threading.Event(), threading.Semaphore(0)

    def check(password: bytes, hashed: bytes) -> bool:
        del hashed
        if password != ALICE.encode():
            begun.release()
            slow.wait(DEADLINE)
        return password == ALICE.encode()

    with guarded(papers.web_config({"basic_auth_users": HASHES}), Passwords(check)) as running:
        assert running.ask(Authorization=basic("alice", ALICE)).status == 200
        with contextlib.ExitStack() as opened:
            for number in range(16):
                header = basic("alice", f"guess {number}")
                sent = f"GET /-/healthy HTTP/1.1\r\nHost: a\r\nAuthorization: {header}\r\n\r\n"
                opened.enter_context(connect(running.server, sent.encode()))
            for _ in range(2):  # as many as there are threads
                assert begun.acquire(timeout=DEADLINE)
            while (answer := running.ask(Authorization=basic("bob", f"late {time.monotonic()}"))).status != 503:
                pass  # not all of them have arrived
            assert answer.headers["Retry-After"] == "1"
            assert running.ask(Authorization=basic("alice", ALICE)).status == 200
            slow.set()


def test_a_mistake_at_the_door_lets_nobody_in_and_is_told(papers: Papers, caplog: pytest.LogCaptureFixture) -> None:
    def fails(password: bytes, hashed: bytes) -> bool:
        del password, hashed
        raise RuntimeError("a mistake of ours")

    with guarded(papers.web_config({"basic_auth_users": HASHES}), Passwords(fails)) as running:
        assert running.ask(Authorization=basic("alice", ALICE)).status == 500
    assert "a mistake of ours" in caplog.text
    assert [record.name for record in caplog.records] == ["fusionsolar_exporter.web.security.gate"]


class Counting:
    """Counts what is compared with which hash."""

    def __init__(self) -> None:
        self.costs: list[str] = []

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.costs.append(hashed.decode().split("$")[2])
        return bcrypt.checkpw(password, hashed)


@pytest.mark.no_cover
def test_who_is_unknown_costs_the_same_cold_and_warm(papers: Papers) -> None:
    check = Counting()
    users = {"alice": HASHES["alice"], "bob": bcrypt.hashpw(BOB.encode(), bcrypt.gensalt(5)).decode()}
    with guarded(papers.web_config({"basic_auth_users": users}), Passwords(check)) as running:
        for user, compared in (("nobody", ["05"]), ("nobody", ["05"]), ("bob", ["05", "05"]), ("bob", ["05", "05"])):
            assert running.ask(Authorization=basic(user, "wrong")).status == 401
            assert check.costs == compared
        for guess in range(300):  # whoever guesses cannot push out who knows
            running.ask(Authorization=basic("bob", str(guess)))
            if not guess:
                assert running.ask(Authorization=basic("bob", BOB)).status == 200
        known = len(check.costs)
        assert running.ask(Authorization=basic("bob", BOB)).status == 200
        assert len(check.costs) == known


def test_a_password_that_changes_counts_at_once(papers: Papers) -> None:
    path = papers.web_config({"basic_auth_users": {"alice": HASHES["alice"]}})
    with guarded(path) as running:
        assert running.ask(Authorization=basic("alice", ALICE)).status == 200
        path.write_text(yaml.safe_dump({"basic_auth_users": {"alice": HASHES["bob"]}}))
        os.utime(path, (1, 1))
        running.security.look()
        assert running.ask(Authorization=basic("alice", ALICE)).status == 401
        assert running.ask(Authorization=basic("alice", BOB)).status == 200
