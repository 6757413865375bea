"""The systemd unit: nothing in it is unknown to systemd, little is left to attack, and its configuration works."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from deploy_support import DEPLOY, ROOT, program, run

from fusionsolar_exporter.cli import main
from fusionsolar_exporter.config import load_config

UNIT = DEPLOY / "systemd" / "fusionsolar-exporter.service"
HIGHEST_EXPOSURE = 2.0


def directives(text: str) -> dict[str, list[str]]:
    """Values of each directive, in their order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", "[")):
            found.setdefault(key, []).append(value)
    return found


TEXT = UNIT.read_text(encoding="utf-8")
UNDER = directives(TEXT)


def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    (start,) = UNDER["ExecStart"]
    copy = tmp_path / UNIT.name
    copy.write_text(TEXT.replace(shlex.split(start)[0], sys.executable), encoding="utf-8")

    result = run(program("systemd-analyze"), "verify", copy)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_mistake_would_be_noticed(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(TEXT.replace("DynamicUser=", "DynamicUsr="), encoding="utf-8")

    assert "DynamicUsr" in run(program("systemd-analyze"), "verify", copy).stderr


def test_little_is_exposed() -> None:
    threshold = f"--threshold={HIGHEST_EXPOSURE * 10:.0f}"

    result = run(program("systemd-analyze"), "security", "--offline=true", threshold, UNIT)

    assert result.returncode == 0, result.stdout
    assert "Overall exposure level" in result.stdout


def test_the_service_is_nobody_and_is_handed_the_password() -> None:
    assert UNDER["DynamicUser"] == ["yes"]
    assert UNDER["LoadCredential"] == ["password:/etc/fusionsolar-exporter/password"]
    assert UNDER["StateDirectory"] == ["fusionsolar-exporter"]
    assert "User" not in UNDER
    assert "ProcSubset" not in UNDER, "it hides what process_start_time_seconds comes from"


def test_the_configuration_beside_it_is_right(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")

    config = load_config(UNIT.parent / "config.yml", {"CREDENTIALS_DIRECTORY": str(tmp_path)})

    assert config.accounts[0].credentials().password == "secret"


def test_the_command_has_these_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, command, flag = shlex.split(UNDER["ExecStart"][0])
    name, _, path = flag.partition("=")

    assert path == "/etc/fusionsolar-exporter/config.yml"
    assert main([command, f"{name}={tmp_path / 'missing.yml'}"]) == 1
    assert "missing.yml" in capsys.readouterr().err


def transient(page: str) -> dict[str, tuple[dict[str, list[str]], list[str]]]:
    """The properties and the command of each ``systemd-run`` on a page, by what the command does."""
    found = {}
    for text in re.findall(r"^sudo systemd-run ((?:.*\\\n)*.*)", page, re.MULTILINE):
        words = shlex.split(text.replace("\\\n", " "))
        properties = directives("\n".join(word.removeprefix("--property=") for word in words if "--property" in word))
        command = [word for word in words if not word.startswith("--") or "config.file" in word]
        found[command[1]] = (properties, command)
    return found


COMMANDS = transient((ROOT / "docs" / "deploy-systemd.md").read_text(encoding="utf-8"))


def test_what_is_copied_runs_as_the_unit_does() -> None:
    (start,) = UNDER["ExecStart"]
    own = {"User": ["fusionsolar-exporter"]}  # the name that the unit's own user has without being given one

    assert COMMANDS.keys() == {"check-config", "doctor"}
    for properties, command in COMMANDS.values():
        assert properties.items() <= (UNDER | own).items()
        assert command[0] == shlex.split(start)[0]
        assert "/etc/fusionsolar-exporter/config.yml" in command[-1]
    doctor, _ = COMMANDS["doctor"]
    assert doctor.items() >= own.items(), "with another user systemd would give the running service's state to it"
    assert {"StateDirectory", "StateDirectoryMode", "UMask", "LoadCredential"} <= doctor.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_systemd_takes_what_is_copied(name: str, tmp_path: Path) -> None:
    properties, command = COMMANDS[name]
    lines = [f"{key}={value}" for key, values in properties.items() for value in values]
    unit = tmp_path / "copied.service"
    unit.write_text("\n".join(["[Service]", f"ExecStart={sys.executable}", *lines]) + "\n", encoding="utf-8")

    result = run(program("systemd-analyze"), "verify", unit)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert command[0].startswith("/")


def test_the_commands_that_are_copied_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = str(UNIT.parent / "config.yml")
    here = {
        name: [word.replace("/etc/fusionsolar-exporter/config.yml", config) for word in command[1:]]
        for name, (_, command) in COMMANDS.items()
    }

    assert main(here["check-config"]) == 0
    with pytest.raises(SystemExit) as caught:
        main([*here["doctor"], "--help"])
    assert caught.value.code == 0
