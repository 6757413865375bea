"""The commands of ``docs/backfill.md`` do what the page says; rules over the past are tried beside a Prometheus."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from backfill_support import HOME, LONDON, NOON, PastWorld

from fusionsolar_exporter.simulator.plan import FleetPlan

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "backfill.md").read_text(encoding="utf-8")
PLAN = FleetPlan(plants=1, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)


def command(pattern: str) -> str:
    """The one command of the page that a pattern matches, of a console or between backticks."""
    found: list[str] = [*re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE), *re.findall(r"`([^`\n]+)`", PAGE)]
    (one,) = {text for text in found if re.match(pattern, text)}
    return one


def run(text: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """The folder that the page's commands run in."""
    told = PastWorld(PLAN).run(
        tmp_path / "history", "--from=2025-06-09", "--to=2025-06-12", "--what=plant_daily", "--label=job=fusionsolar"
    )
    assert len(told.files) == 3
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    return tmp_path


def samples(folder: Path) -> list[str]:
    lines = [line for path in sorted(folder.glob("history/*.om")) for line in path.read_text().splitlines()]
    return [line for line in lines if not line.startswith("#")]


def samples_in(blocks: Path) -> int:
    return sum(json.loads(path.read_text())["stats"]["numSamples"] for path in blocks.glob("*/meta.json"))


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def test_the_first_command_prints_a_plan(tmp_path: Path) -> None:
    _, _, *flags = shlex.split(command("fusionsolar-exporter backfill"))
    here = [flag for flag in flags if not flag.startswith(("--config.file=", "--output="))]
    told = PastWorld(PLAN).run(tmp_path / "out", *here)
    assert told.status == 0
    assert "getKpiStationHour: 151 calls, 25 a day" in told.told


@pytest.mark.no_cover
def test_blocks_by_the_script_and_by_hand(history: Path) -> None:
    needs("promtool")
    by_script = command("scripts/backfill-blocks")
    into_prometheus = command(r"mv blocks/\*").replace("/var/lib/prometheus/metrics2", "data")
    (history / "data").mkdir()
    run(f"{by_script}; {into_prometheus}", history)
    assert samples_in(history / "data") == len(samples(history))
    by_hand = command("promtool tsdb create-blocks-from openmetrics")
    for path in sorted(history.glob("history/*.om")):
        run(by_hand.replace("FILE", str(path)), history)
    assert samples_in(history / "blocks") == len(samples(history))


def test_what_is_for_victoria_metrics_has_milliseconds(history: Path) -> None:
    before, _, _ = command("sed -E").partition(" | curl ")
    lines = run(before, history).splitlines()
    assert lines == [f"{line}000" for line in samples(history)]
    assert len(lines) > 3
