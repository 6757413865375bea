"""An account with ``oauth`` in the place of username and password."""

from pathlib import Path

import pytest
import yaml

from fusionsolar_exporter.config import Config, Credentials, CredentialsUnavailable, OAuthConfig, load_config

SECRET = "a secret that nobody shows"
CLIENT = {"client_id": "123456789", "client_secret": SECRET, "redirect_uri": "https://example.org/callback?from=here"}


def load(tmp_path: Path, *, url: str = "https://eu5.example", tls: object = None, **oauth: object) -> Config:
    client = {key: value for key, value in {**CLIENT, **oauth}.items() if value is not None}
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump({"accounts": [{"name": "a", "url": url, "oauth": client, "tls": tls}]}))
    path.chmod(0o600)
    return load_config(path, {})


def test_what_is_not_said_is_as_known() -> None:
    given = OAuthConfig.model_validate(CLIENT)
    assert given.authorize_url == "https://oauth2.fusionsolar.huawei.com/rest/dp/uidm/oauth2/v1/authorize"
    assert given.token_url == "https://oauth2.fusionsolar.huawei.com/rest/dp/uidm/oauth2/v1/token"
    assert (given.daily_calls, given.daily_window) == (1000, 86400)
    assert given.redirect_uri == CLIENT["redirect_uri"]


def test_host_client_and_name_are_the_account(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    accounts = [{"name": name, "url": "https://EU5.example:443", "oauth": CLIENT} for name in ("one", "two")]
    path.write_text(yaml.safe_dump({"accounts": accounts}))
    one, two = load_config(path, {}).accounts
    assert one.identity == ("eu5.example", "123456789\none")
    assert two.identity != one.identity
    assert one.credentials() == Credentials("123456789", SECRET)


def test_an_empty_section_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("accounts: [{name: a, url: 'https://eu5.example', username: u, password: p, oauth: }]")
    assert load_config(path, {}).accounts[0].oauth is None


def test_the_secret_is_shown_nowhere_and_named_for_the_log(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert SECRET not in f"{config!r}{config}{config.accounts[0].credentials()!r}"
    assert config.accounts[0].secrets == {SECRET}


def test_a_secret_file_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    account = load(tmp_path, client_secret=None, client_secret_file="secret").accounts[0]
    with pytest.raises(CredentialsUnavailable, match="client_secret_file"):
        account.credentials()
    for secret in ("first", "second"):
        file.write_text(f"{secret}\n")
        assert account.credentials().password == secret
    assert account.secrets == set()


def test_what_is_doubtful_is_said(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x")
    file.chmod(0o644)
    config = load(
        tmp_path,
        url="http://proxy.example",
        tls={"insecure_skip_verify": True},
        token_url="http://proxy.example/token",
        client_secret=None,
        client_secret_file="secret",
    )
    assert [line.split(": ")[0] for line in config.warnings] == [
        "accounts[0].url",
        "accounts[0].oauth.token_url",
        "accounts[0].tls.insecure_skip_verify",
        "accounts[0].oauth.client_secret_file",
    ]
    assert not any("password" in line for line in config.warnings)
    assert load(tmp_path, token_url="http://[::1]:80/token").warnings == ()
    assert load(tmp_path).warnings == ()
