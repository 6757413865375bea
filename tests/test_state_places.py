"""Where state is kept, and when that is said."""

import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from support.http_world import HttpWorld
from support.observed import Observed
from support.world import ListLog

from fusionsolar_exporter.config import StateConfig, StateUrl
from fusionsolar_exporter.config.load import load_config
from fusionsolar_exporter.config.state import StateKind
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state.opening import open_state

MINUTE = 60.0
PLAN = FleetPlan(plants=2, devices_per_plant=3)
ACCOUNT = "accounts: [{name: a, url: 'https://x', username: u, password: p}]\n"


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"STATE_DIRECTORY": "/var/lib/one:/var/lib/two", "HOME": "/home/me"}, "/var/lib/one/state.sqlite"),
        ({"XDG_STATE_HOME": "/xdg", "HOME": "/home/me"}, "/xdg/fusionsolar-exporter/state.sqlite"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/fusionsolar-exporter/state.sqlite"),
        ({}, "/home/known/.local/state/fusionsolar-exporter/state.sqlite"),
    ],
)
def test_where_the_file_is(environ: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(pw_dir="/home/known")
    monkeypatch.setattr(pwd, "getpwuid", lambda _: known)
    assert StateUrl(StateKind.SQLITE, "sqlite:").path(environ) == Path(path)
    assert StateUrl(StateKind.SQLITE, "sqlite:here.db").path(environ) == Path("here.db")


def nobody(_: int) -> NoReturn:
    raise KeyError


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    log = ListLog()
    open_state(StateConfig(), SystemClock(), log, Observed())
    (line,) = log.messages()
    assert "HOME" in line
    assert "set one of them, or state.url" in line


def test_that_state_is_kept_is_said_only_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    said = {}
    for path in (tmp_path / "free" / "state.sqlite", tmp_path / "taken" / "state.sqlite"):
        log = ListLog()
        url = StateUrl(StateKind.SQLITE, f"sqlite:{path}")
        open_state(StateConfig(url=url), SystemClock(), log, Observed()).close()
        said[path.parent.name] = [line.partition(":")[0] for line in log.messages()]
    assert said == {"free": ["state is kept in a file"], "taken": ["state cannot be kept"]}


def test_another_state_after_a_reload_waits_for_the_next_start(tmp_path: Path) -> None:
    with HttpWorld(PLAN, state={"url": f"sqlite:{tmp_path / 'one.sqlite'}"}) as world:
        world.run(MINUTE)
        world.sections["state"] = {"url": f"sqlite:{tmp_path / 'two.sqlite'}"}
        assert world.exporter.reload().problems == ()
        assert world.log_lines("another state is used from the next start on")
        world.run(MINUTE)
    assert not (tmp_path / "two.sqlite").exists()


@pytest.mark.parametrize("written", ["rel.sqlite", "./rel.sqlite", "{}/rel.sqlite"])
def test_a_relative_path_starts_at_the_directory_of_the_file(tmp_path: Path, written: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"{ACCOUNT}state: {{url: 'sqlite:{written.format(tmp_path)}'}}")
    assert load_config(config, {}).state.url.path({}) == tmp_path / "rel.sqlite"
