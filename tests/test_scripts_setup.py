"""scripts/setup: when it makes the virtual environment anew. Its Pythons are stand-ins that note their arguments."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAND_IN = """#!/usr/bin/env bash
home={home}
case "$1 ${{2-}}" in
"-c "*) echo {description}; exit {old} ;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo >"$3/pyvenv.cfg" ;;
"-m pip") printf '%s\\n' "$*" >>"$home/pip.log"; [[ ! -e $home/pip-fails ]] ;;
*) exit 99 ;;
esac
"""
OLD, GOOD = 1, 0


class Checkout:
    """A checkout with nothing but the script and what it reads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.failure = root / "pip-fails"
        (root / "scripts").mkdir()
        (root / "requirements").mkdir()
        shutil.copy(ROOT / "scripts" / "setup", root / "scripts" / "setup")
        for name in ("build", "runtime", "dev"):
            (root / "requirements" / f"{name}.txt").write_text(f"# {name}\n", encoding="utf-8")
        (root / "pyproject.toml").touch()
        self.python = self.stand_in("python3", "3.11.7 in /one")

    def stand_in(self, name: str, description: str, exit_status: int = GOOD) -> Path:
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        text = STAND_IN.format(home=self.root, description=description, old=exit_status)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def setup(self, what: str = "runtime", **environ: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "VENV")}
        return subprocess.run(
            [self.root / "scripts" / "setup", what],
            env={**inherited, "PATH": path, **environ},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def asked_of_pip(self) -> Iterator[str]:
        log = self.root / "pip.log"
        yield from log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_time_it_makes_one_and_says_so(checkout: Checkout) -> None:
    result = checkout.setup()

    assert (result.returncode, result.stdout) == (0, "")
    assert "making the virtual environment .venv with Python 3.11.7 in /one: there is none" in result.stderr


def test_nothing_is_looked_for_beside_the_lock(checkout: Checkout) -> None:
    checkout.setup("dev")

    installs = [line for line in checkout.asked_of_pip() if " install " in line]
    assert len(installs) == 2
    assert all("--no-deps" in line for line in installs)
    assert "--require-hashes" in installs[0]
    assert "requirements/dev.txt" in installs[0]
    assert "--no-build-isolation" in installs[1]


def test_the_second_time_there_is_nothing_to_do(checkout: Checkout) -> None:
    checkout.setup("dev")
    list(checkout.asked_of_pip())

    results = [checkout.setup("dev"), checkout.setup("runtime")]

    assert [(each.returncode, each.stderr) for each in results] == [(0, "")] * 2
    assert list(checkout.asked_of_pip()) == []


def test_a_changed_lock_is_installed_into_the_one_there_is(checkout: Checkout) -> None:
    checkout.setup()
    (checkout.venv / "kept").touch()
    (checkout.root / "requirements" / "runtime.txt").write_text("# newer\n", encoding="utf-8")

    result = checkout.setup()

    assert result.stderr == "installing the locked requirements (runtime) into .venv; this takes a minute or two\n"
    assert (checkout.venv / "kept").exists()


def test_after_a_failed_installation_it_begins_anew(checkout: Checkout) -> None:
    checkout.failure.touch()
    assert checkout.setup().returncode != 0
    (checkout.venv / "left-over").touch()
    checkout.failure.unlink()

    result = checkout.setup()

    assert result.returncode == 0
    assert "making the virtual environment .venv with Python 3.11.7 in /one: it is half made" in result.stderr
    assert not (checkout.venv / "left-over").exists()
    assert checkout.setup().stderr == ""


def test_one_without_a_python_that_runs_is_made_anew(checkout: Checkout) -> None:
    checkout.setup()
    (checkout.venv / "bin" / "python").unlink()

    result = checkout.setup()

    assert result.returncode == 0
    assert "its Python does not run" in result.stderr


def test_one_of_another_python_than_is_named_is_made_anew(checkout: Checkout) -> None:
    checkout.setup()
    other = checkout.stand_in("other", "3.12.1 in /two")

    result = checkout.setup(PYTHON=str(other))

    assert result.returncode == 0
    assert (
        "making the virtual environment .venv with Python 3.12.1 in /two: it was made by Python 3.11.7 in /one"
        in result.stderr
    )
    assert checkout.setup(PYTHON=str(other)).stderr == ""
    assert checkout.setup().stderr == "", "whichever Python made it will do where none is named"


def test_the_python_that_made_it_may_have_another_name(checkout: Checkout) -> None:
    checkout.setup()

    assert checkout.setup(PYTHON=str(checkout.stand_in("alias", "3.11.7 in /one"))).stderr == ""


@pytest.mark.parametrize("there", [True, False])
def test_a_python_that_does_not_exist_is_refused_whatever_is_there(checkout: Checkout, there: bool) -> None:
    if there:
        checkout.setup()

    result = checkout.setup(PYTHON="/nowhere/python3")

    assert result.returncode == 1
    assert result.stderr == (
        "scripts/setup: none of /nowhere/python3 is Python 3.11 or newer; install one, or name it in PYTHON\n"
    )
    assert checkout.venv.exists() == there


def test_a_python_that_is_too_old_is_passed_over(checkout: Checkout) -> None:
    checkout.stand_in("python3", "3.9.2 in /old", OLD)
    checkout.stand_in("python3.13", "3.13.0 in /new")

    assert "with Python 3.13.0 in /new" in checkout.setup().stderr
    assert checkout.setup(PYTHON="python3").returncode == 1


def test_a_directory_that_is_none_is_left_alone(checkout: Checkout) -> None:
    papers = checkout.root / "papers"
    papers.mkdir()
    (papers / "letter").touch()

    result = checkout.setup(VENV=str(papers))

    assert result.returncode == 1
    assert f"{papers} is no virtual environment" in result.stderr
    assert [path.name for path in papers.iterdir()] == ["letter"]


def test_an_empty_directory_is_taken(checkout: Checkout) -> None:
    (checkout.root / "empty").mkdir()

    assert checkout.setup(VENV="empty").returncode == 0
