"""What it is made of: locked with hashes, listed in a bill of materials, with licences that may be passed on."""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from fusionsolar_exporter.northbound.bounds import BOUNDS, DEEPEST, LONGEST_NAME
from fusionsolar_exporter.northbound.interfaces import Interface

ROOT = Path(__file__).parent.parent
SBOM = runpy.run_path(str(ROOT / "scripts" / "sbom.py"))
ALLOWED = {"MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PSF-2.0", "MPL-2.0"}


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_everything_is_locked_with_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^#.*\n", "", lock.read_text()).strip())
    assert len(entries) > 5
    for entry in entries:
        assert re.match(r"[\w.-]+(?:\[\w+\])?==[\w.+!-]+[^\n]*\\\n", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_bill_lists_all_that_is_locked() -> None:
    bill = SBOM["bill"]()
    names = re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text())
    assert [(one["name"], one["version"]) for one in bill["components"]] == names
    hashes = [found["hashes"][0]["content"] for one in bill["components"] for found in one["externalReferences"]]
    assert sorted(hashes) == sorted(
        re.findall(r"sha256:([0-9a-f]{64})", (ROOT / "requirements" / "runtime.txt").read_text())
    )
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert json.dumps(bill) == json.dumps(SBOM["bill"]())
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references)
    assert bill["dependencies"][0]["dependsOn"] == references


def test_every_licence_may_be_passed_on_and_is_on_its_page() -> None:
    licences = {word for one in SBOM["locked"]() for word in re.split(" AND | OR ", one.licence)}
    assert licences
    assert licences <= ALLOWED
    assert (ROOT / "docs" / "licences.md").read_text(encoding="utf-8") == SBOM["table"](), "scripts/sbom --table"


def test_the_image_runs_as_nobody_in_particular() -> None:
    """A random user of group 0, as on OpenShift, writes to what belongs to that group."""
    image = (ROOT / "deploy" / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"chmod 770 /src/var/fusionsolar-exporter", image)
    assert re.search(r"COPY --from=build --chown=\d+:0 /src/var /var/lib\n", image)
    compose = yaml.safe_load((ROOT / "deploy" / "docker" / "compose.yml").read_text(encoding="utf-8"))
    assert compose["services"]["exporter"]["read_only"] is True


def test_the_page_says_the_bounds_as_they_are() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    sizes = [f"| {BOUNDS[name].size >> 20} MiB |" for name in (Interface.LOGIN, Interface.STATIONS)]
    sizes += [
        f"| {BOUNDS[name].size >> 20} MiB |" for name in (Interface.GET_DEV_REAL_KPI, Interface.GET_DEV_HISTORY_KPI)
    ]
    assert re.findall(r"\| \d+ MiB \|", page) == sizes
    values = [
        f"{BOUNDS[name].values:,}"
        for name in (Interface.LOGIN, Interface.STATIONS, Interface.GET_DEV_REAL_KPI, Interface.GET_DEV_HISTORY_KPI)
    ]
    assert f"{', '.join(values[:-1])} and {values[-1]}" in page
    assert f"| nesting | {DEEPEST} levels |" in page
    assert f"| characters of a code or id | {LONGEST_NAME} |" in page
