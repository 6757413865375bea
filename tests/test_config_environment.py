"""Configuration from the environment alone, and references to it in a file."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config import ConfigError, Credentials, config_from_environment, load_config

WHOLE = {
    "FUSIONSOLAR_URL": "https://eu5.fusionsolar.huawei.com",
    "FUSIONSOLAR_USERNAME": "northbound-user",
    "FUSIONSOLAR_PASSWORD": "pa${ss}word",
}


def problems_of(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config_from_environment(environ)
    return caught.value.problems


def test_one_account_named_default() -> None:
    (given,) = config_from_environment(WHOLE).accounts
    assert given.name == "default"
    assert given.url == "https://eu5.fusionsolar.huawei.com"
    assert given.credentials() == Credentials("northbound-user", "pa${ss}word")


def test_password_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_text("from the file\n")
    environ = {**WHOLE, "FUSIONSOLAR_PASSWORD": "", "FUSIONSOLAR_PASSWORD_FILE": str(path)}
    assert config_from_environment(environ).accounts[0].credentials().password == "from the file"


def test_nothing_set_says_what_to_do() -> None:
    (line,) = problems_of({})
    assert line == (
        "no configuration: not set: FUSIONSOLAR_URL, FUSIONSOLAR_USERNAME, "
        "FUSIONSOLAR_PASSWORD (or FUSIONSOLAR_PASSWORD_FILE); set them, or give a file with --config.file; "
        "`fusionsolar-exporter demo` needs no account"
    )


def test_only_what_is_missing_is_named() -> None:
    (line,) = problems_of({**WHOLE, "FUSIONSOLAR_USERNAME": ""})
    assert line.startswith("no configuration: not set: FUSIONSOLAR_USERNAME; set")


def test_wrong_values_are_named_by_their_variable() -> None:
    assert problems_of(
        {**WHOLE, "FUSIONSOLAR_URL": "eu5.fusionsolar.huawei.com", "FUSIONSOLAR_PASSWORD": "hunter2\udcff"}
    ) == (
        "FUSIONSOLAR_URL: not a URL; expected http:// or https:// and a host",
        "FUSIONSOLAR_PASSWORD: not valid text (half of a surrogate pair)",
    )
    assert problems_of({**WHOLE, "FUSIONSOLAR_PASSWORD_FILE": "/pw"}) == (
        "FUSIONSOLAR_PASSWORD_FILE: given beside password; expected only one of the two",
    )


def test_references_in_any_text(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(
        "accounts: [{name: 'x ${A}${B}', url: 'http://${HOST}', username: $A, password: '${', timeout: '${T}'}]\n"
        "collectors: {alarms: {levels: ['${LEVEL}']}}\n"
        "limits: {unknown_keys: '${N}'}\n"
    )
    config = load_config(path, {"A": "1", "B": "${A}", "HOST": "127.0.0.1:1", "T": "5s", "LEVEL": "2", "N": "7"})
    given = config.accounts[0]
    assert (given.name, given.host, given.username, given.timeout) == ("x 1${A}", "127.0.0.1:1", "$A", 5)
    assert given.credentials().password == "${"
    assert (config.collectors.alarms.levels, config.limits.unknown_keys) == (frozenset({2}), 7)


def test_every_unset_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("accounts: [{name: '${A}', password: '${B}'}]\nmetrics: {include: ['${C}']}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {"B": "set"})
    assert caught.value.problems == (
        "accounts[0].name: the environment variable A is not set",
        "metrics.include[0]: the environment variable C is not set",
    )
