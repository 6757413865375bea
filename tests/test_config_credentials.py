"""Names and passwords, with what editors, shells and Windows put around them."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config.credentials import Credentials, read_secret_file
from fusionsolar_exporter.config.errors import ConfigError, CredentialsUnavailable
from fusionsolar_exporter.config.load import config_from_environment, load_config

URL = "https://far.example"
AROUND = ("{}", "{}\n", "{}\r\n", "\ufeff{}", "\ufeff{}\r\n", " {}\t", "\n\n{}\n\n", "\r{}\r", "\ufeff \ufeff{}")


def right() -> Credentials:
    return Credentials("a user", "pass \t word")


@pytest.mark.parametrize("around", AROUND)
def test_of_the_environment(around: str) -> None:
    environ = {
        "FUSIONSOLAR_URL": URL,
        "FUSIONSOLAR_USERNAME": around.format("a user"),
        "FUSIONSOLAR_PASSWORD": around.format("pass \t word"),
    }
    (account,) = config_from_environment(environ).accounts
    assert account.credentials() == right()


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_of_files(tmp_path: Path, around: str, encoding: str) -> None:
    for name, text in (("user", "a user"), ("password", "pass \t word")):
        content = around.format(text).encode(encoding)
        (tmp_path / name).write_bytes(b"\xff\xfe" + content if encoding == "utf-16-le" else content)
    config = tmp_path / "config.yml"
    config.write_text(f"accounts: [{{name: a, url: '{URL}', username_file: user, password_file: password}}]")
    (account,) = load_config(config, {}).accounts
    assert account.credentials() == right()


@pytest.mark.parametrize("around", AROUND)
def test_of_a_configuration_that_names_the_environment(tmp_path: Path, around: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"accounts: [{{name: a, url: '{URL}', username: '${{U}}', password: '${{P}}'}}]")
    environ = {"U": around.format("a user"), "P": around.format("pass \t word")}
    (account,) = load_config(config, environ).accounts
    assert account.credentials() == right()
    assert account.identity == ("far.example", "a user")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b" \r\n", b"\xff\xfe\n\x00"])
def test_nothing_but_what_is_around_is_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(CredentialsUnavailable, match="is empty"):
        read_secret_file("password_file", tmp_path / "password")
    environ = {"FUSIONSOLAR_URL": URL, "FUSIONSOLAR_USERNAME": "\ufeff ", "FUSIONSOLAR_PASSWORD": "x"}
    with pytest.raises(ConfigError, match="FUSIONSOLAR_USERNAME: empty"):
        config_from_environment(environ)
