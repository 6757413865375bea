"""What is installed: the locked requirements, the scripts that install them, and the wheel."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCRIPTS = sorted(path for path in [*ROOT.glob("scripts/*"), ROOT / ".ci" / "run"] if path.is_file() and not path.suffix)
RUN_TIME = PROJECT["project"]["dependencies"]
HERE = {canonicalize_name(each.name) for each in metadata.distributions()}
PYTHONS = ("3.11.0", "3.11.2", "3.11.3", "3.12.1", "3.13.0", "3.14.0")


def group(name: str) -> list[str]:
    """The requirements of a dependency group, those of the groups that it includes among them."""
    wanted: list[str] = []
    for entry in PROJECT["dependency-groups"][name]:
        wanted += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return wanted


def lines_of(name: str) -> list[Requirement]:
    """What a lock names, with extras and markers; each entry of the file must have a hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    requirements: list[Requirement] = []
    for entry in entries:
        match = re.fullmatch(r"(\S+==\S+(?: ; [^\\\n]+)?)(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n", entry)
        assert match, entry
        requirements.append(Requirement(match[1]))
    return requirements


def locked(name: str) -> dict[str, str]:
    """Versions by name."""
    return {
        canonicalize_name(each.name): "".join(specifier.version for specifier in each.specifier)
        for each in lines_of(name)
    }


def environment(python: str) -> dict[str, str]:
    """What markers are compared with on such a Python."""
    here = {name: str(value) for name, value in default_environment().items()}
    return here | {"python_full_version": python, "python_version": python.rpartition(".")[0]}


def installed_on(name: str, python: str) -> dict[str, set[str]]:
    """What the lock installs on such a Python, each with its extras."""
    there = environment(python)
    return {
        canonicalize_name(each.name): each.extras
        for each in lines_of(name)
        if each.marker is None or each.marker.evaluate({**there, "extra": ""})
    }


def needed_by(name: str, extras: set[str], python: str) -> Iterator[Requirement]:
    """What a package that is installed here would ask for on such a Python."""
    there = environment(python)
    for text in metadata.requires(name) or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**there, "extra": extra}) for extra in ("", *extras)):
            yield requirement


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


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["build", "runtime", "dev"])
def test_a_lock_is_complete_on_every_python(name: str, python: str) -> None:
    there = installed_on(name, python)
    missing = [
        f"{requirement} of {package}"
        for package, extras in there.items()
        for requirement in (needed_by(package, extras, python) if package in HERE else [])
        if canonicalize_name(requirement.name) not in there
        or not requirement.specifier.contains(locked(name)[canonicalize_name(requirement.name)])
        or not requirement.extras <= there[canonicalize_name(requirement.name)]
    ]

    assert missing == []
    assert there.keys() - HERE <= {"async-timeout"}, "scripts/setup dev"


def test_what_only_older_pythons_need_is_locked_for_them() -> None:
    assert "async-timeout" in installed_on("runtime", "3.11.2")
    assert "async-timeout" not in installed_on("runtime", "3.11.3")


def test_a_lock_names_no_registry() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        assert re.findall(r"^\s*-(?!-hash=).*|\w+://\S*", path.read_text(encoding="utf-8"), re.MULTILINE) == [], path


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
    assert "fusionsolar_exporter/state/redis/take.lua" in expected
