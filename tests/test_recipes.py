"""Every configuration on the pages is loaded by the program that it is for; one that none is known for fails."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_support import KUBERNETES, NEWEST, ROOT, assert_valid, kustomize, loaded, program, run, template_says

from fusionsolar_exporter.config import load_config
from fusionsolar_exporter.config.web import WebConfig

pytestmark = pytest.mark.no_cover  # other programs do the work
_PASSWORDS = ("PARKS", "ROOFS", "REDIS", "SOLAR", "HOMES", "FARMS")
SECRETS = {f"{name}_PASSWORD": "x" for name in _PASSWORDS}
ACCOUNT = {"name": "a", "url": "https://eu5.fusionsolar.huawei.com", "username": "u", "password": "p"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROSE = {"console", "sh", "promql", "text", ""}
CODE = {"python"}  # test_embedding.py runs it
NOT_AT_HAND = {"alloy"}  # and the page says that it has not been run


def recipes() -> list[tuple[str, str, str]]:
    """Page, language and text of every fenced block that is no command and no prose."""
    return [
        (path.relative_to(ROOT).as_posix(), language, text)
        for path in PAGES
        for language, text in re.findall(r"^```(.*)\n((?s:.*?))^```", path.read_text(encoding="utf-8"), re.MULTILINE)
        if language not in PROSE | CODE | NOT_AT_HAND
    ]


def by_the_exporter(text: str, _page: str, folder: Path) -> None:
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump({"accounts": [ACCOUNT]} | yaml.safe_load(text)), encoding="utf-8")
    load_config(path, SECRETS)


def by_prometheus(text: str, _page: str, folder: Path) -> None:
    path = folder / "prometheus.yml"
    path.write_text(text, encoding="utf-8")
    agent = ["--agent"] if "remote_write" in yaml.safe_load(text) else []
    succeeds("promtool", "check", "config", *agent, "--syntax-only", str(path))


def by_promtool_as_rules(text: str, _page: str, folder: Path) -> None:
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "page", "rules": yaml.safe_load(text)}]}), encoding="utf-8")
    succeeds("promtool", "check", "rules", str(path))


def by_helm(text: str, _page: str, _folder: Path) -> None:
    result = template_says("--set-json", json.dumps(yaml.safe_load(text)))
    assert result.returncode == 0, result.stderr
    assert_valid(loaded(result.stdout), NEWEST[0])


def by_kustomize(text: str, page: str, folder: Path) -> None:
    """Patches alone belong to the kustomization above them on the page."""
    own = yaml.safe_load(text)
    if "kind" not in own:
        own |= next(found for found in map(yaml.safe_load, blocks_of(page)) if found.get("kind") == "Kustomization")
    beside = folder / "fusionsolar-exporter" / "deploy" / "kubernetes"
    shutil.copytree(KUBERNETES, beside)
    place = beside / "own" if "../sidecar" in own["components"] else folder
    place.mkdir(exist_ok=True)
    shutil.copy(KUBERNETES / "example-sidecar" / "application.yaml", place)
    (place / "kustomization.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    assert_valid(kustomize(place), NEWEST[0])


def by_the_web_server(text: str, _page: str, _folder: Path) -> None:
    WebConfig.model_validate(yaml.safe_load(text))


def by_a_pod(text: str, _page: str, _folder: Path) -> None:
    container = {"name": "exporter", "image": "exporter:1"} | yaml.safe_load(text)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}}
    assert_valid([pod], NEWEST[0])


def by_compose(text: str, _page: str, _folder: Path) -> None:
    """It changes services that there are, and the exporter takes the commands."""
    there = yaml.safe_load((ROOT / "deploy" / "docker" / "compose.yml").read_text(encoding="utf-8"))["services"]
    for name, service in yaml.safe_load(text)["services"].items():
        assert service.keys() <= there[name].keys() | {"healthcheck", "volumes", "command"}
        commands = [service["command"], service["healthcheck"]["test"][2:]]
        for command in commands:
            succeeds_in_parsing(command)


def succeeds_in_parsing(command: list[str]) -> None:
    result = run(sys.executable, "-m", "fusionsolar_exporter", *command, "--help")
    assert result.returncode == 0, result.stderr


LOADERS: dict[str, tuple[Callable[[Any], bool], Callable[[str, str, Path], None]]] = {
    "rules": (lambda found: isinstance(found, list), by_promtool_as_rules),
    "kustomization": (lambda found: bool(found.keys() & {"components", "patches"}), by_kustomize),
    "prometheus": (lambda found: bool(found.keys() & {"scrape_configs", "storage"}), by_prometheus),
    "exporter": (lambda found: found.keys() <= {"accounts", "collectors", "metrics", "limits"}, by_the_exporter),
    "web configuration": (lambda found: "tls_server_config" in found, by_the_web_server),
    "a probe of a pod": (lambda found: "livenessProbe" in found, by_a_pod),
    "compose": (lambda found: "services" in found, by_compose),
    "state of the exporter": (lambda found: set(found) == {"state"} and "url" in found["state"], by_the_exporter),
    "values of the chart": (lambda _: True, by_helm),
}


def blocks_of(page: str) -> list[str]:
    return [text for found, _, text in recipes() if found == page]


def succeeds(name: str, *arguments: str) -> None:
    result = run(program(name), *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("page", "language", "text"), recipes())
def test_its_program_takes_it(page: str, language: str, text: str, tmp_path: Path) -> None:
    assert language == "yaml", "say here which program reads it"
    found = yaml.safe_load(text)

    load = next(load for takes, load in LOADERS.values() if takes(found))
    load(text, page, tmp_path)


@pytest.mark.parametrize("language", sorted(NOT_AT_HAND))
def test_what_has_not_been_run_says_so(language: str) -> None:
    for path in PAGES:
        before, fence, _ = path.read_text(encoding="utf-8").partition(f"```{language}\n")
        assert not fence or "has not been run" in before.rstrip().rpartition("\n\n")[2]


def test_the_shell_takes_every_command(tmp_path: Path) -> None:
    for path in PAGES:
        for text in re.findall(r"^```sh\n((?s:.*?))^```", path.read_text(encoding="utf-8"), re.MULTILINE):
            script = tmp_path / "commands.sh"
            script.write_text(text, encoding="utf-8")
            succeeds("bash", "-n", str(script))


def test_values_that_helm_refuses_would_be_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="replica"):
        by_helm("replica: 2\n", "", tmp_path)
