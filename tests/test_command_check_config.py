"""The command ``check-config``: right configurations give their cadence, wrong ones a line a mistake."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fusionsolar_exporter.check_config import check_config
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.status import CollectorName

GOOD = """
accounts:
  - {name: default, url: https://eu5.fusionsolar.huawei.com, username: user, password: secret-password}
"""


def check(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, list[str]]:
    file = tmp_path / "fusionsolar.yml"
    file.write_text(text)
    file.chmod(0o600)
    status = main(["check-config", str(file)])
    captured = capsys.readouterr()
    assert "secret-password" not in captured.out + captured.err
    return status, captured.out, [line.removeprefix(f"{file}: ") for line in captured.err.splitlines()]


def rows(output: str) -> dict[str, list[str]]:
    return {
        words[0]: words[1:]
        for line in output.splitlines()
        if (words := re.split(r"\s{2,}", line.strip())) and words[0] in set(CollectorName)
    }


def test_a_right_one_gives_the_cadence_for_three_fleets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output, problems = check(tmp_path, GOOD, capsys)

    assert (status, problems) == (0, [])
    assert rows(output) == {
        "plant_realtime": ["5 min 3 s", "5 min 3 s", "10 min 30 s"],
        "device_realtime": ["5 min 3 s"] * 3,
        "plant_list": ["1 h 24 min", "1 h 24 min", "3 h 52 min"],
        "device_list": ["1 h 55 min", "1 h 55 min", "14 h 7 min"],
        "alarms": ["7 min 31 s"] * 3,
    }


def test_the_cadence_for_a_fleet_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fusionsolar.yml"
    file.write_text(GOOD)
    assert main(["check-config", str(file), "--plants=300", "--plants", "10000"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"collector +300 plants +10,000 plants$", output, re.MULTILINE)
    assert rows(output)["plant_realtime"] == ["5 min 3 s", "1 h 45 min"]
    assert max(map(len, output.replace(str(file), "").splitlines())) < 80


def test_the_shortest_interval_is_easy_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, problems = check(tmp_path, GOOD + "collectors: {plant_list: {interval: 10m}}\n", capsys)
    assert problems[0].endswith("expected auto, or at least 42m22s")
    status, _, _ = check(tmp_path, GOOD + "collectors: {plant_list: {interval: 42m22s}}\n", capsys)
    assert status == 0


def test_an_interval_that_breaks_a_limit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD + "collectors: {plant_realtime: {interval: 1m}, device_realtime: {interval: 5m3s}}\n"

    status, output, problems = check(tmp_path, text, capsys)

    assert (status, output) == (1, "")
    (problem,) = problems
    assert problem == (
        "collectors.plant_realtime.interval: 1m breaks the limit of getStationRealKpi for account default; "
        "expected auto, or at least 5m3s"
    )


def test_a_longer_interval_is_taken_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD + "collectors: {plant_realtime: {interval: 11m}, alarms: {enabled: false}}\n"

    status, output, _ = check(tmp_path, text, capsys)

    assert status == 0
    assert rows(output)["plant_realtime"] == ["11 min"] * 3
    assert "alarms" not in rows(output)


def test_own_limits_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits = "{margin: 0s, min_gap: 0s, interfaces: {getStationRealKpi: {window: 5s, spacing: 1s}}}"
    text = GOOD.replace("password: secret-password", f"password: secret-password, rate_limits: {limits}")

    _, output, _ = check(tmp_path, text, capsys)

    assert rows(output)["plant_realtime"] == ["5 s", "5 s", "10 s"]


def test_each_mistake_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, problems = check(tmp_path, GOOD + "colectors: {}\nlimits: {unknown_keys: -1}\n", capsys)

    assert status == 1
    assert len(problems) == 2
    assert problems[0].startswith("limits.unknown_keys:") or problems[1].startswith("limits.unknown_keys:")


def test_what_is_doubtful_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace("https://eu5", "http://eu5") + "collectors: {plant_list: {enabled: false}}\n"

    status, _, problems = check(tmp_path, text, capsys)

    assert status == 0
    assert any("in the clear" in line for line in problems)
    assert any("collectors.plant_list: disabled" in line for line in problems)


def test_a_days_budget_is_told_by_device_types(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    oauth = "{client_id: '123456789', client_secret: secret-password, redirect_uri: 'https://example.org/'}"
    text = f"accounts: [{{name: a, url: 'https://eu5.example', oauth: {oauth}}}]"
    status, told, _ = check(tmp_path, text, capsys)
    assert status == 0
    assert "of 1,000 calls in 1d nine tenths are planned: devices of 1, 2 and 5 types every 5 min 3 s, " in told
    assert "5 min 3 s, 5 min 30 s, 11 min 7 s; with nights" in told


@pytest.mark.parametrize("text", ["accounts:\n\t- name: a\n", "accounts: []\n"])
def test_the_file_is_named_once_on_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text)
    assert check_config(file, environ={}) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{file}: ")
    assert line.count(str(file)) == 1


def test_a_host_of_the_portal_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, problems = check(tmp_path, GOOD.replace("https://eu5.", "https://uni001eu5."), capsys)
    assert status == 0
    assert any("a host of the portal" in line for line in problems)


def test_a_terminal_that_lacks_letters_ends_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    account = "{name: 'Dächer ☀', url: 'https://eu5.example', username: u, password: p}"
    file.write_text(f"accounts: [{account}]\n", encoding="utf-8")
    file.chmod(0o600)
    command = [sys.executable, "-m", "fusionsolar_exporter", "check-config", str(file)]
    latin = os.environ | {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    ended = subprocess.run(command, capture_output=True, env=latin, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "account Dächer \\u2600".encode("latin-1") in ended.stdout
