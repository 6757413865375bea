"""Tokens that are encrypted in the state: keys that come, go and change, and tokens that are never lost over it."""

import base64
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.oauth_world import CLIENT, HOUR, OWNER, OAuthWorld, consent, endpoints, oauth_account
from support.redis_server import RedisServer
from support.replicas import Replica, Replicas
from support.world import ListLog

from fusionsolar_exporter.config import AccountConfig, CredentialsUnavailable
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.simulator.plan import FleetPlan

MINUTE = 60.0
FIRST, SECOND = (base64.b64encode(bytes([number]) * 32).decode() for number in (251, 7))
AUTHORIZE = "run `fusionsolar-exporter authorize default`"


class Keys:
    """The file of keys."""

    def __init__(self, directory: Path, *keys: str) -> None:
        self.path = directory / "token.keys"
        self.write(*keys)

    def write(self, *keys: str) -> None:
        self.path.write_text("\n".join(keys) + "\n")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path, FIRST)


def entry(world: OAuthWorld) -> bytes:
    with sqlite3.connect(world.file) as connection:
        (value,) = connection.execute("SELECT value FROM entries WHERE key = 'tokens'").fetchone()
    return bytes(value)


def tokens(world: OAuthWorld) -> list[bytes]:
    """Every token that there ever was."""
    grants = world.oauth.grants
    return [token.encode() for token in (*grants._access, *grants._refresh, *grants.uses)]


def restart(world: OAuthWorld, key_file: Path | None) -> None:
    """Another process, with another configuration."""
    world.kill()
    oauth = world.settings.account.oauth
    assert oauth is not None
    world.reconfigure(oauth=oauth.model_copy(update={"token_key_file": key_file}))
    world.start()


def pass_time(world: OAuthWorld, seconds: float) -> None:
    """Also where the account has nothing to wait for."""
    until = world.clock.now() + seconds
    while world.clock.now() < until:
        world.account.step()
        world.clock.advance(5)


@pytest.mark.no_cover
def test_tokens_are_never_in_the_state_as_they_are(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(2 * HOUR)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(tokens(world)) >= 3
    assert not [token for token in tokens(world) if token in written]
    assert entry(world).startswith(b"fernet:")
    world.kill()
    world.start()
    world.run(10 * MINUTE)
    assert world.state == "ok"
    assert len(world.token_requests) == 3
    assert set(world.oauth.grants.uses.values()) == {1}


def test_a_key_that_comes_later_encrypts_at_once_and_one_that_goes_opens_them_again(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    plain = entry(world)
    assert any(token in plain for token in tokens(world))
    oauth = world.settings.account.oauth
    assert oauth is not None
    world.reconfigure(oauth=oauth.model_copy(update={"token_key_file": keys.path}))
    world.run(6 * MINUTE)
    assert entry(world).startswith(b"fernet:")
    world.reconfigure(oauth=oauth)
    world.run(6 * MINUTE)
    assert any(token in entry(world) for token in tokens(world))
    restart(world, keys.path)
    world.run(6 * MINUTE)
    assert entry(world).startswith(b"fernet:")
    assert len(world.token_requests) == 1


def test_keys_are_changed_by_putting_the_new_one_first(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    keys.write("# since today", SECOND, "", FIRST)
    world.kill()
    world.start()
    world.run(6 * MINUTE)
    keys.write(SECOND)
    world.kill()
    world.start()
    world.run(6 * MINUTE)
    assert world.state == "ok"
    assert len(world.token_requests) == 1
    keys.write(FIRST, SECOND)  # while it runs: from the next refresh on
    world.run(HOUR)
    keys.write(FIRST)
    world.kill()
    world.start()
    world.run(10 * MINUTE)
    assert world.state == "ok"
    assert len(world.token_requests) == 2


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda keys: keys.write(SECOND), "are encrypted with a key that oauth.token_key_file does not hold"),
        (lambda keys: keys.path.unlink(), "token.keys' cannot be read: No such file or directory"),
        (lambda keys: keys.write("# none"), "token.keys' holds no key"),
        (lambda keys: keys.write(FIRST, "c2hvcnQ="), "token.keys' has no key in line 2; expected 32 random bytes"),
        (lambda keys: keys.write(f"{FIRST[:-1]}é"), "token.keys' has no key in line 1"),
        (None, "are encrypted, and no oauth.token_key_file is configured"),
    ],
    ids=["another key", "no file", "an empty file", "a short key", "no base64", "not configured"],
)
def test_without_its_key_the_account_waits_and_loses_nothing(
    tmp_path: Path, keys: Keys, break_it: Callable[[Keys], None] | None, told: str
) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    kept, asked = entry(world), sum(world.system.log.counts.values())
    path = keys.path if break_it is not None else None
    if break_it is not None:
        break_it(keys)
    log = world.log.lines
    log.clear()
    restart(world, path)
    for _ in range(2):
        pass_time(world, 3 * MINUTE)
        status = world.account.status()
        assert (status.state, status.up, status.had_first_outcome) == ("credentials", False, True)
        assert (status.failures[0].interface, status.failures[0].reason) == ("token", "credentials")
        assert told in status.failures[0].message
        assert status.failures[0].advice.startswith("put the key that encrypted them into oauth.token_key_file")
        assert status.failures[0].advice.endswith(AUTHORIZE)
        assert world.served() == 4
        (line,) = [msg for level, msg, _ in log if level == "error"]
        assert told in line
        assert not any(secret in repr(log) for secret in (FIRST, SECOND, "c2hvcnQ="))
        log.clear()
        world.kill()
        world.start()
    assert entry(world) == kept
    assert sum(world.system.log.counts.values()) == asked
    keys.write(FIRST)
    if break_it is None:
        oauth = world.settings.account.oauth
        assert oauth is not None
        world.reconfigure(oauth=oauth.model_copy(update={"token_key_file": keys.path}))
    pass_time(world, MINUTE + 10)
    assert "the tokens in the state can be read again" in world.log.messages("info")
    pass_time(world, 6 * MINUTE)
    assert world.state == "ok"
    assert len(world.token_requests) == 1
    pass_time(world, HOUR)
    assert set(world.oauth.grants.uses.values()) == {1}


def test_where_the_key_is_lost_another_consent_takes_their_place(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    keys.write(SECOND)
    world.kill()
    world.start()
    pass_time(world, 2 * MINUTE)
    world.account._engine.store.request_handover()
    world.account._engine.take_part()
    assert world.consent() is None
    world.run(10 * MINUTE)
    assert world.state == "ok"
    world.kill()
    world.start()
    world.run(HOUR)
    assert world.state == "ok"


def test_who_gets_its_key_back_leaves_the_account_to_the_process_that_leads(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    keys.write(SECOND)
    beside = world.process()
    for now, key in enumerate([SECOND] * 20 + [FIRST] * 100):
        keys.write(key)
        world.account.step()
        beside.step()
        world.clock.advance(10)
        assert (world.account._engine.store.leads, beside._engine.store.leads) == (True, False), now
    assert "the tokens in the state can be read again" in world.log.messages("info")
    assert world.state == "ok"
    assert len(world.token_requests) == 1


@pytest.mark.no_cover
def test_no_token_is_used_up_while_the_file_of_keys_is_away(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    keys.path.unlink()
    pass_time(world, 45 * MINUTE)
    assert world.served() == 4  # by the access token, to its end
    pass_time(world, 20 * MINUTE)
    assert len(world.token_requests) == 1
    assert world.state == "credentials"
    (line,) = {fields["error"] for _, msg, fields in world.log.lines if msg == "no credentials"}
    assert "oauth.token_key_file" in str(line)
    kept = entry(world)
    keys.write(FIRST)
    pass_time(world, 8 * MINUTE)
    assert world.state == "ok"
    assert entry(world) != kept
    assert set(world.oauth.grants.uses.values()) == {1}


def test_a_reload_with_a_file_that_cannot_be_read_keeps_the_keys_before(tmp_path: Path, keys: Keys) -> None:
    world = OAuthWorld(tmp_path, oauth={"token_key_file": str(keys.path)})
    world.run(10 * MINUTE)
    oauth = world.settings.account.oauth
    assert oauth is not None
    world.reconfigure(oauth=oauth.model_copy(update={"token_key_file": tmp_path / "none"}))
    world.run(10 * MINUTE)
    assert world.state == "ok"
    assert entry(world).startswith(b"fernet:")
    (told,) = [fields["error"] for _, msg, fields in world.log.lines if msg == "no other keys"]
    assert "none' cannot be read" in str(told)


def test_keys_may_be_written_in_either_alphabet(tmp_path: Path) -> None:
    one, two = os.urandom(32), b"\xfb\xff" * 16
    lines = [base64.b64encode(one), base64.urlsafe_b64encode(two), base64.b64encode(two).rstrip(b"=")]
    keys = Keys(tmp_path, *(line.decode() for line in lines))
    account = oauth_account("a", "http://far.example", token_key_file=str(keys.path))
    assert account.oauth is not None
    read = account.oauth.token_keys()
    assert [base64.urlsafe_b64decode(key) for key in read] == [one, two, two]
    keys.path.unlink()
    with pytest.raises(CredentialsUnavailable, match="token_key_file"):
        account.oauth.token_keys()
    assert any(line.startswith("oauth.token_key_file: ") for line in account.warnings)


class EncryptingReplicas(Replicas):
    """Replicas of one account; each starts with the file of keys that is named then."""

    key_file: Path

    def account_config(self, name: str) -> AccountConfig:
        return oauth_account(name, f"http://{name}", token_key_file=str(self.key_file))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


def account_of(replica: Replica) -> Account:
    (account,) = replica.accounts
    return account


def errors(log: ListLog) -> list[str]:
    return log.messages("error")


@pytest.mark.no_cover
def test_replicas_over_redis_of_which_one_lacks_the_key(server: RedisServer, tmp_path: Path) -> None:
    world = EncryptingReplicas(server.url, plan=FleetPlan(plants=2, devices={1: 1}))
    (system,) = world.systems.values()
    oauth = system.oauth = endpoints()
    right, wrong = Keys(tmp_path, FIRST), tmp_path / "wrong.keys"
    wrong.write_text(SECOND)
    world.key_file = right.path
    first = world.start()
    world.run(30)
    assert consent(account_of(first), oauth, world.clock.now()) is None
    world.run(10 * MINUTE)
    world.key_file = wrong
    lacking = world.start()
    world.run(MINUTE)
    world.key_file = right.path
    world.kill(first)  # the one that lacks it is first to lead, and steps aside
    third = world.start()
    world.run(70 * MINUTE)
    assert account_of(third).status().state == "ok"
    assert third.leads
    assert account_of(lacking).status().state == "credentials"
    assert "a key that oauth.token_key_file does not hold" in account_of(lacking).status().failures[0].message
    assert len(errors(lacking.log)) == 1
    assert account_of(lacking).cache.snapshot().device_readings.keys() == {
        *account_of(third).cache.snapshot().device_readings
    }
    world.kill(third)  # nobody is left who can read them
    before = sum(system.log.counts.values())
    world.run(10 * MINUTE)
    assert sum(system.log.counts.values()) == before
    wrong.write_text(f"{SECOND}\n{FIRST}\n")
    world.run(5 * MINUTE)
    assert account_of(lacking).status().state == "ok"
    world.run(70 * MINUTE)
    assert set(oauth.grants.uses.values()) == {1}
    assert all(request.error == "" for request in oauth.token_requests)
    grants = oauth.grants
    client = server.client()
    kept = b"".join(b"".join(dump(client, key)) for key in client.keys("*"))
    assert b"fernet:" in kept
    every = (*grants._access, *grants._refresh, *grants.uses, CLIENT.secret)
    assert not [secret for secret in every if secret.encode() in kept]
    assert {request.user for request in system.log.requests} == {OWNER}


def dump(client: object, key: bytes) -> Iterator[bytes]:
    """All that stands under a key."""
    kind = client.type(key)  # type: ignore[attr-defined]
    if kind == b"hash":
        for field, value in client.hgetall(key).items():  # type: ignore[attr-defined]
            yield field + value
    elif kind == b"string":
        yield client.get(key)  # type: ignore[attr-defined]
    elif kind == b"zset":
        yield from client.zrange(key, 0, -1)  # type: ignore[attr-defined]
    else:
        raise AssertionError(kind)
