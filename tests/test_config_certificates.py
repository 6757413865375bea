"""Whom to trust, by the configuration and by the environment."""

from pathlib import Path

import pytest
import trustme
from support.papers import LOCKED, Papers

from fusionsolar_exporter.config.errors import ConfigError
from fusionsolar_exporter.config.load import config_from_environment, load_config
from fusionsolar_exporter.wiring import transport_settings

ACCOUNT = {
    "FUSIONSOLAR_URL": "https://far.example",
    "FUSIONSOLAR_USERNAME": "user",
    "FUSIONSOLAR_PASSWORD": "password",
}


@pytest.fixture
def ca(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return str(path)


def trusted(environ: dict[str, str]) -> str | None:
    return transport_settings(config_from_environment({**ACCOUNT, **environ}).accounts[0]).ca_file


def test_an_account_of_the_environment_has_its_own_authority(ca: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/another")
    assert trusted({"FUSIONSOLAR_CA_FILE": ca}) == ca


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_that_of_every_program_counts_where_there_is_no_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(each, "")
    assert trusted({}) is None
    monkeypatch.setenv(name, "/authorities.pem")
    assert trusted({}) == "/authorities.pem"


ACCOUNT_WITH_KEY = """
accounts: [{name: a, url: 'https://x', username: u, password: p, tls: {cert_file: own.pem, key_file: own.key}}]
"""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("own.key", LOCKED, "own.key' cannot be used: the key has a passphrase"),
        ("own.key", trustme.CA().issue_cert("other").private_key_pem.bytes(), "own.key'.*the key of another"),
        ("own.key", b"words", "own.key'.*no key in PEM format"),
        ("own.pem", b"words", "own.pem'.*no certificate in PEM format"),
        ("own.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "own.pem'.*no certificate"),
    ],
)
def test_a_certificate_and_a_key_that_are_no_pair_are_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    Papers.of_a_new_authority(tmp_path).certificate("own", "far.example")
    config = tmp_path / "config.yml"
    config.write_text(ACCOUNT_WITH_KEY)
    assert load_config(config, {}).accounts[0].tls.key_file == tmp_path / "own.key"
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=f"tls: .*{words}"):
        load_config(config, {})


@pytest.mark.parametrize(
    ("content", "words"), [("", "no certificates"), ("words", "no certificates"), (None, "cannot be read")]
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=f"FUSIONSOLAR_CA_FILE: .*ca.pem.*{words}"):
        trusted({"FUSIONSOLAR_CA_FILE": str(path)})
    config = tmp_path / "config.yml"
    config.write_text("accounts: [{name: a, url: 'https://x', username: u, password: p, tls: {ca_file: ca.pem}}]")
    with pytest.raises(ConfigError, match=f"tls.ca_file: .*{words}"):
        load_config(config, {})
