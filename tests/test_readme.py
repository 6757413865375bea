"""The pages say what is so: snippets run, links lead somewhere, names exist, tables are the code's."""

import io
import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families as parse_text
from web_support import FakeExporter

from fusionsolar_exporter import __version__
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.config import config_from_environment
from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.fail_codes import reason_of
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.status import AccountState
from fusionsolar_exporter.web.application import Application

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
}
README = PAGES["README.md"]
COMMANDS = ("serve", "demo", "simulator", "check-config", "doctor", "authorize", "backfill", "healthcheck")
OTHER_PROGRAMS = {
    "python3",
    "pip",
    "export",
    "podman",
    "helm",
    "amtool",
    "sed",
    "source",
    "install",
    "head",
    "sudo",
    "for",
    "mv",
    "prometheus",
    "promtool",
    "kubectl",
}
_FLAGS = """
--require-hashes --no-cov --no-deps --slow --upgrade --check --days --faults --jobs --largest --inverters --output
--against --frequent --count --inputs --renew
--build --build-arg --cap-drop --detach --down --env --file --format --from-file --from-literal --kustomize --name
--network --now --profile --agent --enable-feature --web.enable-remote-write-receiver --property --pipe --wait --quiet
--collect --storage.agent.path --storage.agent.retention.max-time --publish --read-only --restart --security-opt
--seconds --guided --bound --server-side --set --signal --tag --values --volume
--address --config --data --data-binary --end --id --max-block-duration --shipper.upload-compacted --start
--storage.tsdb.retention.time --table --url
"""
OTHER_PROGRAMS_FLAGS = set(_FLAGS.split())
SECRETS = {"PARKS_PASSWORD": "x", "ROOFS_PASSWORD": "x"}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = PAGES[page].split(f"\n{heading}\n", 1)[1]
    first = re.search(r"^(\|.*\n)+", section, re.MULTILINE)
    assert first
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in first[0].splitlines()[2:]]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Page and words of every command line on a page."""
    for page in PAGES:
        for text in blocks(page, "console"):
            for line in re.findall(r"^\$ (.*)", text, re.MULTILINE):
                yield page, line.split()


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def promtool(*arguments: str) -> None:
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is not installed")
        pytest.skip("promtool is not installed")
    result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def usage() -> str:
    """What every subcommand says of its flags."""
    texts = []
    for arguments in ([], *([command] for command in COMMANDS)):
        told = io.StringIO()
        with redirect_stdout(told), pytest.raises(SystemExit, match=r"^0$"):
            main([*arguments, "--help"])
        texts.append(told.getvalue())
    return "\n".join(texts)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_environment_of_the_quick_start_is_enough(tmp_path: Path) -> None:
    environ = dict(re.findall(r"^\$ export (\w+)=(\S+)", README, re.MULTILINE))
    password = tmp_path / "password"
    password.write_text("secret\n", encoding="utf-8")

    config = config_from_environment({**environ, "FUSIONSOLAR_PASSWORD_FILE": str(password)})

    assert "FUSIONSOLAR_PASSWORD_FILE" in environ
    assert config.accounts[0].credentials().password == "secret"


def test_the_password_file_is_readable_by_its_owner_alone_and_holds_the_password(tmp_path: Path) -> None:
    (text,) = (text for text in blocks("README.md", "console") if "/dev/null" in text)
    script = "umask 000\n" + text.replace("$ ", "")

    environ = os.environ | {"HOME": str(tmp_path)}
    subprocess.run(["/bin/sh", "-euc", script], env=environ, input=b"s3 cret\n", timeout=10, check=True)

    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    config = config_from_environment(
        {"FUSIONSOLAR_URL": "https://a.example", "FUSIONSOLAR_USERNAME": "u", "FUSIONSOLAR_PASSWORD_FILE": str(file)}
    )
    assert config.accounts[0].credentials().password == "s3 cret"


def test_the_command_is_called_in_one_way() -> None:
    called = {words[0] for page, words in commands() if words[0].endswith("fusionsolar-exporter")}

    assert called == {"fusionsolar-exporter"}


def test_the_table_of_programs_names_what_one_line_installs() -> None:
    packages = {name for row in table("README.md", "## Try it") for name in re.findall(r"`([\w-]+)`", row[1])}
    (line,) = (words for page, words in commands() if page == "README.md" and words[:2] == ["sudo", "apt-get"])

    assert set(line[3:]) | {"scripts/fetch-kubernetes-tools"} >= packages - {"buildah", "podman", "runc"}
    assert set(line[3:]) <= packages


def test_prometheus_takes_the_queries(tmp_path: Path) -> None:
    (text,) = blocks("README.md", "promql")
    queries = [query for query in re.split(r"^#.*\n", text, flags=re.MULTILINE) if query]
    rules = [{"record": f"readme:query{number}", "expr": query.strip()} for number, query in enumerate(queries)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "readme", "rules": rules}]}), encoding="utf-8")

    assert len(rules) == 5
    promtool("check", "rules", str(path))


def test_the_samples_are_such_as_there_are() -> None:
    (text,) = blocks("README.md", "text")
    found = [sample for family in parse_text(text) for sample in family.samples]

    assert len(found) == 5
    for sample in found:
        assert set(sample.labels) == set(FAMILIES[sample.name].all_labels)


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_that_is_named_exists(page: str) -> None:
    for name in re.findall(r"\bfusionsolar_(?!exporter\b)\w+\b(?!\.tsv|/)", PAGES[page]):
        if not name.endswith("_"):
            assert name in FAMILIES or re.sub(r"_(bucket|count|sum)$", "", name) in FAMILIES, name


def test_every_flag_that_is_named_exists(usage: str) -> None:
    known = set(re.findall(r"--[a-z][\w.-]*", usage))
    for page, text in PAGES.items():
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z.-]*[a-z]", text))
        assert named - known - OTHER_PROGRAMS_FLAGS == set(), page


def test_every_command_that_is_named_exists(usage: str) -> None:
    for page, words in commands():
        program, *arguments = words
        if program.startswith(("scripts/", ".ci/")):
            assert os.access(ROOT / program, os.X_OK), page
        elif Path(program).name == "fusionsolar-exporter":
            assert not arguments or arguments[0].startswith("--") or arguments[0] in COMMANDS, page
        else:
            assert Path(program).name in OTHER_PROGRAMS, page
    assert all(re.search(rf"^ +{command}\b", usage, re.MULTILINE) for command in COMMANDS)


def test_the_tables_of_intervals_are_those_of_the_code() -> None:
    for (page, name), expected in runpy.run_path(str(ROOT / "scripts" / "interval_table.py"))["tables"]().items():
        marks = rf"<!-- {name}: made by scripts/docs -->\n(.*)\n<!-- end of {name} -->"
        assert re.findall(marks, PAGES[page], re.DOTALL) == [expected], "run scripts/docs"


def test_the_table_of_limits_names_every_interface() -> None:
    assert [row[0].strip("`") for row in table("docs/rate-limits.md", "## The limits")] == list(Interface)


def test_every_path_is_in_the_table_of_endpoints() -> None:
    application = Application(FakeExporter(), clock=SystemClock())

    assert {row[0].strip("`") for row in table("README.md", "## HTTP endpoints")} == set(application._routes)


def test_the_reasons_of_fail_codes_are_those_of_the_code() -> None:
    rows = table("docs/troubleshooting.md", "## failCodes")
    reasons = {code: row[1].strip("`") for row in rows for code in re.findall(r"\d+", row[0])}

    assert {code: reason_of(int(code)).value for code in reasons} == reasons
    assert {"305", "401", "407", "20056", "20200", "20400", "20403", "20618"} <= reasons.keys()


def test_every_reason_and_every_state_is_explained() -> None:
    page = PAGES["docs/troubleshooting.md"]
    states = [row[0].strip("`") for row in table("docs/troubleshooting.md", "## The state of the account")]

    assert sorted(states) == sorted(AccountState)
    assert all(f"`{reason}`" in page for reason in Reason)


def test_the_package_map_names_what_there_is() -> None:
    package = ROOT / "fusionsolar_exporter"
    rows = table("CONTRIBUTING.md", "## Where things live")
    named = {name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row[0])}
    there = {path.name for path in package.iterdir() if path.name != "__pycache__"}

    assert {name for name in named if "/" not in name} == there
    assert all((package / name).exists() for name in named)


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"\b{re.escape(__version__)}\b", PAGES["CHANGELOG.md"])
