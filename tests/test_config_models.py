"""What a loaded configuration says."""

import re
from pathlib import Path

import pytest
import yaml

from fusionsolar_exporter.config import (
    AccountConfig,
    AlarmsConfig,
    Backoff,
    CollectorConfig,
    Config,
    ConfigError,
    Credentials,
    CredentialsUnavailable,
    InterfaceLimits,
    Language,
    PlantFilter,
    PlantListChoice,
    RateLimits,
    StateKind,
    load_config,
)
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.scales import ScaleOverride, ScaleOverrides
from fusionsolar_exporter.status import REPORTS, CollectorName

FILES = Path(__file__).parent / "config"


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.yml"
    path.write_text(text)
    path.chmod(0o600)
    return load_config(path, {})


def account(**keys: object) -> str:
    given = {"name": "a", "url": "https://eu5.example", "username": "u", "password": "long-password", **keys}
    return yaml.safe_dump({"accounts": [{key: value for key, value in given.items() if value is not None}]})


def test_minimal_file_has_every_default() -> None:
    config = load_config(FILES / "good-minimal.yml", {"PASSWORD": "${PASSWORD} as it is"})
    given = config.accounts[0]
    assert given.credentials() == Credentials("northbound-user", "${PASSWORD} as it is")
    assert (given.timeout, given.proxy_url, given.device_types) == (30, None, None)
    assert (given.plant_list, given.language) == (PlantListChoice.AUTO, Language.ENGLISH)
    assert given.rate_limits == RateLimits(
        margin=3.0,
        min_gap=1.0,
        session_lifetime=1800.0,
        login_pause=1800.0,
        backoff=Backoff(initial=60.0, maximum=1800.0),
        interfaces={},
    )
    off = {*REPORTS, CollectorName.INVERTER_CONVERGENCE}
    assert {name for name in CollectorName if not config.collectors.of(name).enabled} == off
    assert config.collectors.of(CollectorName.ALARMS) == AlarmsConfig(levels=[1, 2, 3, 4], lookback="all")
    assert config.collectors.of(CollectorName.PLANT_LIST) == CollectorConfig(enabled=True, interval="auto", ttl="auto")
    assert not config.collectors.plant_daily.enabled
    assert (config.limits.series_per_account, config.limits.unknown_keys) == (2_000_000, 500)
    assert (config.state.url.kind, config.state.url.text, config.state.lease) == (StateKind.SQLITE, "sqlite:", 15)
    assert config.metrics.exports("fusionsolar_up")
    assert not config.metrics.drop_unfitted_strings


def test_whole_example_says_the_defaults() -> None:
    minimal = load_config(FILES / "good-minimal.yml", {"PASSWORD": "x"})
    whole = load_config(FILES / "good-whole.yml", {})
    assert whole.model_copy(update={"accounts": ()}) == minimal.model_copy(update={"accounts": ()})
    given = whole.accounts[0]
    assert given.password_file == Path("/run/secrets/pw")
    assert given.scale_overrides == ScaleOverrides([ScaleOverride(17, "active_power", 1.0)])
    assert given.rate_limits.interfaces == {
        Interface.GET_STATION_REAL_KPI: InterfaceLimits(window=300.0, spacing=60.0),
        Interface.GET_KPI_STATION_DAY: InterfaceLimits(calls=25),
    }


def test_file_unlike_the_defaults() -> None:
    config = load_config(FILES / "good-unlike-the-defaults.yml", {})
    north, south = config.accounts
    assert north.url == "http://proxy.example:8080"
    assert (south.url, south.host) == ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443")
    assert south.timeout == north.timeout == 1440
    assert north.username_file == FILES / "user.txt"
    assert north.device_types == frozenset({1, 38, 39})
    assert north.plant_list is PlantListChoice.STATIONS
    assert north.language is Language.GERMAN
    turned = ScaleOverride(
        47, "active_power", -1.0, (re.compile("Roof .*"),), (re.compile("Meter-2"), re.compile("SN.*"))
    )
    assert north.scale_overrides == ScaleOverrides(
        [ScaleOverride(17, "active_power", 1000.0), turned, ScaleOverride(47, "active_power", 0.001)]
    )
    limits = north.rate_limits
    assert (limits.margin, limits.min_gap, limits.session_lifetime, limits.login_pause) == (0, 0.25, 5400, 86400)
    assert limits.backoff == Backoff(initial=1.0, maximum=1.0)
    assert limits.interfaces == {
        Interface.GET_DEV_REAL_KPI: InterfaceLimits(calls=2),
        Interface.LOGIN: InterfaceLimits(),
    }
    alarms = config.collectors.alarms
    assert (alarms.levels, alarms.lookback, alarms.interval) == (frozenset({1, 2}), 604800, None)
    assert config.collectors.of(CollectorName.PLANT_LIST).interval == 7200
    assert not config.collectors.of(CollectorName.PLANT_REALTIME).enabled
    assert config.metrics.drop_unfitted_strings


def test_filters_match_whole_texts() -> None:
    plants = PlantFilter(include=["NE=1.*", "Roof .*"], exclude=[".* test"])
    assert plants.selects("NE=12", "Anywhere")
    assert plants.selects("x", "Roof 7")
    assert not plants.selects("xNE=12", "The Roof 7")
    assert not plants.selects("NE=12", "Roof test")
    assert PlantFilter().selects("any", "plant")
    metrics = load_config(FILES / "good-unlike-the-defaults.yml", {}).metrics
    names = ("fusionsolar_plant_info", "fusionsolar_plant_kpi", "up", "fusionsolar_up")
    assert [name for name in names if metrics.exports(name)] == ["fusionsolar_plant_info", "up"]


@pytest.mark.parametrize(
    ("url", "normal", "host"),
    [
        ("https://EU5.Example:443/", "https://eu5.example", "eu5.example"),
        ("http://127.0.0.1:18080/thirdData", "http://127.0.0.1:18080", "127.0.0.1:18080"),
        ("http://h:80", "http://h", "h"),
        ("https://h:80", "https://h:80", "h:80"),
        ("http://[::1]:1", "http://[::1]:1", "[::1]:1"),
    ],
)
def test_urls_are_normalised(tmp_path: Path, url: str, normal: str, host: str) -> None:
    given = load(tmp_path, account(url=url)).accounts[0]
    assert (given.url, given.host, given.identity) == (normal, host, (host, "u"))


def test_a_configuration_built_in_code_takes_seconds() -> None:
    given = AccountConfig(
        name="demo",
        url="http://127.0.0.1:1",
        username="u",
        password="p",
        timeout=2.5,
        rate_limits=RateLimits(margin=0.0),
    )
    assert (given.timeout, given.rate_limits.margin) == (2.5, 0)


def test_no_secret_in_any_representation(tmp_path: Path) -> None:
    config = load(tmp_path, account(proxy_url="http://pu:proxy-pass@proxy.example"))
    for text in (repr(config), str(config), repr(config.accounts[0].credentials())):
        assert "long-password" not in text
        assert "proxy-pass" not in text


def test_secrets_are_named_for_the_log(tmp_path: Path) -> None:
    given = load(tmp_path, account(proxy_url="http://pu:p%40ss@proxy.example")).accounts[0]
    assert given.secrets == {"long-password", "p%40ss", "p@ss"}
    assert load(tmp_path, account(password=None, password_file="pw")).accounts[0].secrets == set()


def test_files_are_read_anew(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("someone\n")
    (tmp_path / "pw").write_text("first\n\n")
    given = load(tmp_path, account(username=None, username_file="user", password=None, password_file="pw")).accounts[0]
    assert given.credentials() == Credentials("someone", "first")
    (tmp_path / "pw").write_bytes(b"second\r\n")
    assert given.credentials() == Credentials("someone", "second")
    assert given.identity == ("eu5.example", "someone")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hunter2\xff", "is not UTF-8 text"),
        (b"hunter2" * 10_000, "is larger than 65536 bytes"),
    ],
)
def test_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "pw"
    if content is not None:
        path.write_bytes(content)
    given = load(tmp_path, account(password=None, password_file="pw")).accounts[0]
    with pytest.raises(CredentialsUnavailable) as caught:
        given.credentials()
    assert str(caught.value) == f"password_file {str(path)!r} {reason}"


def test_the_same_username_file_is_the_same_user_even_unread(tmp_path: Path) -> None:
    one = yaml.safe_load(account(username=None, username_file="user"))["accounts"][0]
    two = {**one, "name": "b"}
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"accounts": [one, two]}))
    with pytest.raises(ConfigError, match="same host and username"):
        load_config(path, {})
    path.write_text(yaml.safe_dump({"accounts": [one, {**two, "username_file": "other"}]}))
    assert len(load_config(path, {}).accounts) == 2


def test_a_sound_configuration_has_no_warnings(tmp_path: Path) -> None:
    assert load(tmp_path, account()).warnings == ()
    for loopback in ("http://127.0.0.1:8", "http://localhost:8", "http://sim.localhost", "http://[::1]:8"):
        assert load(tmp_path, account(url=loopback)).warnings == ()
    (tmp_path / "pw").write_text("x")
    (tmp_path / "pw").chmod(0o600)
    assert load(tmp_path, account(password=None, password_file="pw")).warnings == ()


def test_what_is_doubtful_is_said(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x")
    (tmp_path / "pw").chmod(0o644)
    text = account(
        url="http://proxy.example",
        username=None,
        username_file="none",
        password=None,
        password_file="pw",
        tls={"insecure_skip_verify": True},
        rate_limits={"margin": "10s", "session_lifetime": "10s"},
    )
    config = load(tmp_path, text + "collectors: {alarms: {interval: 10m, ttl: 1m}, plant_list: {ttl: 1m}}\n")
    assert [line.split(": ")[0] for line in config.warnings] == [
        "accounts[0].url",
        "accounts[0].tls.insecure_skip_verify",
        "accounts[0].username_file",
        "accounts[0].password_file",
        "accounts[0].rate_limits.session_lifetime",
        "collectors.alarms.ttl",
    ]


def test_it_is_immutable(tmp_path: Path) -> None:
    config = load(tmp_path, account())
    with pytest.raises(ValueError, match="frozen"):
        config.accounts = ()  # type: ignore[misc]  # what the type checker refuses as well
    with pytest.raises(TypeError):
        config.accounts[0].rate_limits.interfaces[Interface.LOGIN] = InterfaceLimits()  # type: ignore[index]
