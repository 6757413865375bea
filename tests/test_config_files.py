"""Configuration files, right and wrong: every ``config/bad-*.yml`` names the lines it is refused with."""

from pathlib import Path

import pytest

from fusionsolar_exporter.config import ConfigError, load_config

FILES = Path(__file__).parent / "config"
ENVIRON = {"PASSWORD": "s3cret-from-the-environment"}
SECRETS = ("hunter2", "31415926", ENVIRON["PASSWORD"])
MARK = "# expect: "


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON)
    assert str(caught.value) == "; ".join(caught.value.problems)
    return [line.replace(str(path), "FILE") for line in caught.value.problems]


@pytest.mark.parametrize("path", sorted(FILES.glob("bad-*.yml")), ids=lambda path: path.stem)
def test_bad_file_is_refused_with_its_lines(path: Path) -> None:
    expected = [line.removeprefix(MARK) for line in path.read_text().splitlines() if line.startswith(MARK)]
    problems = problems_of(path)
    assert problems == expected
    assert all(line.isprintable() for line in problems)
    assert not any(secret in line for secret in SECRETS for line in problems)


def test_there_is_a_bad_file_for_each_way_to_be_wrong() -> None:
    assert len(list(FILES.glob("bad-*.yml"))) >= 30


@pytest.mark.parametrize("path", sorted(FILES.glob("good-*.yml")), ids=lambda path: path.stem)
def test_good_file_loads(path: Path) -> None:
    assert load_config(path, ENVIRON) == load_config(path, ENVIRON)


def test_missing_file(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none.yml") == ["FILE: cannot be read: No such file or directory"]


def test_directory(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == ["FILE: cannot be read: Is a directory"]


def test_path_that_no_file_can_have() -> None:
    assert problems_of(Path("a\0b")) == ["FILE: cannot be read: not a usable path"]


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.yml"
    path.touch()
    assert problems_of(path) == ["FILE: empty; expected at least the key accounts"]


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes("accounts:\n  - name: Dächer\n".encode("latin-1"))
    assert problems_of(path) == ["FILE: line 2: not UTF-8"]


def test_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.yml"
    path.write_bytes(b"\xef\xbb\xbf" + (FILES / "good-minimal.yml").read_bytes())
    assert load_config(path, ENVIRON).accounts[0].name == "default"


def test_oversized_file(tmp_path: Path) -> None:
    path = tmp_path / "large.yml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    assert problems_of(path) == ["FILE: larger than 1048576 bytes"]


def test_deep_nesting(tmp_path: Path) -> None:
    path = tmp_path / "deep.yml"
    path.write_text("[" * 2000)
    assert problems_of(path) == ["FILE: nested too deeply"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x 1\nb: &x 2\n", "FILE: line 2, column 4: an anchor of the same name a second time"),
        (
            "a: !x!y z\n",
            "FILE: line 1, column 4: tags (!name) have no meaning here; a text that begins with ! needs quotes",
        ),
        ("%TAG !x! a\n%TAG !x! b\n---\na: 1\n", "FILE: line 2, column 1: tags (!name) have no meaning here"),
        ("<<: [1]\n", "FILE: line 1, column 6: expected a mapping for merging, but found scalar"),
        ("? [a]\n: b\n", "FILE: line 1, column 3: a key that is no text; {...} and odd keys need quotes"),
        ('"a\\nb": 1\naccounts: []', '"a\\nb": unknown key; known here: accounts, collectors, metrics, state, limits'),
        ("a: 0b_\n", "FILE: line 1, column 4: a number or truth value that cannot be read"),
    ],
)
def test_yaml_beyond_its_plain_part(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)
    assert any(line.startswith(problem) for line in problems_of(path))


def test_long_keys_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text(f"accounts: []\n{'k' * 100}: 1\n")
    assert any(line.startswith("k" * 60 + "...: unknown key") for line in problems_of(path))
