"""What is installed: the locked requirements, the scripts that install them, and the wheel."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCRIPTS = sorted(
    path for path in [*ROOT.glob("scripts/*"), ROOT / ".ci" / "run"] if path.is_file() and path.suffix != ".py"
)
RUN_TIME = PROJECT["project"]["dependencies"]


def group(name: str) -> list[str]:
    """The requirements of a dependency group, those of the groups that it includes among them."""
    wanted: list[str] = []
    for entry in PROJECT["dependency-groups"][name]:
        wanted += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return wanted


def locked(name: str) -> dict[str, str]:
    """Versions by name; each entry of the file must have a hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    versions: dict[str, str] = {}
    for entry in entries:
        match = re.fullmatch(r"(\S+)==(\S+)( \\\n    --hash=sha256:[0-9a-f]{64})+\n", entry)
        assert match, entry
        versions[canonicalize_name(match[1])] = match[2]
    return versions


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("build", PROJECT["build-system"]["requires"]),
        ("runtime", RUN_TIME),
        ("dev", [*RUN_TIME, *group("dev")]),
    ],
)
def test_what_is_locked_is_what_is_asked_for(name: str, wanted: Iterable[str]) -> None:
    versions = locked(name)
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name), "0")
        assert requirement.specifier.contains(version), f"{requirement}: run scripts/lock"


def test_what_is_locked_twice_is_locked_alike() -> None:
    development = locked("dev")
    for name in ("build", "runtime"):
        assert {key: development.get(key, version) for key, version in locked(name).items()} == locked(name)
    assert locked("runtime").keys() <= development.keys()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_is_silent(path: Path) -> None:
    result = subprocess.run([program("shellcheck"), path], capture_output=True, text=True, timeout=30, check=False)

    assert (result.returncode, result.stdout) == (0, "")
    assert os.access(path, os.X_OK)


def test_the_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    sources = (path.relative_to(ROOT) for path in (ROOT / "fusionsolar_exporter").rglob("*") if path.is_file())
    expected = {path.as_posix() for path in sources if "__pycache__" not in path.parts}

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {"fusionsolar_exporter/py.typed", "fusionsolar_exporter/metrics/tables/kpis.tsv"} <= expected
