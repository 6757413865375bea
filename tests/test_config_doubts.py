"""What a configuration says and probably does not mean is a warning, never with the value."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config import config_from_environment, load_config

URL = "https://far.example"
TYPOGRAPHIC = ("\u201cgeheim\u201d", "\u201egeheim\u201c", "\u00abgeheim\u00bb", "\u2018geheim\u2019")


def warnings(tmp_path: Path, account: str, mode: int = 0o600, **environ: str) -> list[str]:
    file = tmp_path / "config.yml"
    file.write_text(f"accounts:\n  - name: a\n    url: {URL}\n    username: u\n    {account}\n", encoding="utf-8")
    file.chmod(mode)
    return list(load_config(file, environ).warnings)


def of_environment(password: str) -> tuple[str, ...]:
    environ = {"FUSIONSOLAR_URL": URL, "FUSIONSOLAR_USERNAME": "u", "FUSIONSOLAR_PASSWORD": password}
    return config_from_environment(environ).warnings


@pytest.mark.parametrize("password", ["abc #def", "abc  # a note"])
def test_a_password_that_ends_at_a_number_sign(tmp_path: Path, password: str) -> None:
    (line,) = warnings(tmp_path, f"password: {password}")
    assert line == "accounts[0].password: ends before the #, where a comment begins; one with # in it needs quotes"


@pytest.mark.parametrize("password", ["'abc #def'", "abc#def", "${X} # from a vault", "'abc' # a note"])
def test_a_password_that_does_not(tmp_path: Path, password: str) -> None:
    assert warnings(tmp_path, f"password: {password}", X="x") == []


def test_a_secret_in_a_file_that_others_can_read(tmp_path: Path) -> None:
    (line,) = warnings(tmp_path, "password: geheim-1", mode=0o644)
    assert line.startswith("accounts[0].password: stands in a file that every user of this machine can read")
    assert "geheim" not in line
    assert warnings(tmp_path, "password: ${X}", mode=0o644, X="x") == []
    assert warnings(tmp_path, "password: geheim-1", mode=0o640) == []


@pytest.mark.parametrize("password", [*TYPOGRAPHIC, '"geheim"', "'geheim'"])
def test_quotes_that_are_sent_along(tmp_path: Path, password: str) -> None:
    in_file = tmp_path / "password"
    in_file.write_text(password, encoding="utf-8")
    in_file.chmod(0o600)
    lines = [*of_environment(password), *warnings(tmp_path, "password_file: password")]
    assert len(lines) == 2
    assert {line.partition("; ")[0] for line in lines} == {
        "accounts[0].password: has quotes around it that are sent as a part of it"
    }


@pytest.mark.parametrize("password", ["it's", '5" pipe', "'", "plain", "a\u201db"])
def test_quotes_inside_mean_nothing(password: str) -> None:
    assert of_environment(password) == ()


@pytest.mark.parametrize(
    ("duration", "doubtful"), [("1m8ms", True), ("1h30ms", True), ("1500ms", False), ("1m8s", False)]
)
def test_milliseconds_behind_longer_units(tmp_path: Path, duration: str, doubtful: bool) -> None:
    found = warnings(tmp_path, f"password: x\n    timeout: {duration}")
    assert found == (["accounts[0].timeout: ends in ms, milliseconds; in s, if seconds are meant"] if doubtful else [])


def test_what_only_looks_like_a_duration(tmp_path: Path) -> None:
    assert warnings(tmp_path, "password: x\n    kpi_overrides: [{device_type_id: 1, key: 1m1h3ms, scale: 2}]") == []


def test_a_value_that_aliases_share_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(
        "accounts:\n"
        f"  - &first {{name: a, url: '{URL}', username: u, password: geheim-1}}\n"
        "  - {<<: *first, name: b, username: v}\n"
    )
    file.chmod(0o644)
    assert len(load_config(file, {}).warnings) == 1
