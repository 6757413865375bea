"""Provisioning files, as far as they can be checked without a Grafana: they are parsed and compared with their use."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROVISIONING = ROOT / "grafana" / "provisioning"


def read(path: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROVISIONING / path).read_text())
    return content


def test_there_is_one_prometheus_and_it_is_the_default() -> None:
    content = read("datasources/prometheus.yml")
    (source,) = content["datasources"]

    assert content["apiVersion"] == 1
    assert (source["type"], source["access"], source["isDefault"]) == ("prometheus", "proxy", True)
    assert source["url"].startswith("http://")
    assert source["jsonData"]["timeInterval"] == "60s"


def test_dashboards_are_read_from_files_and_stay_as_they_are() -> None:
    content = read("dashboards/fusionsolar.yml")
    (provider,) = content["providers"]

    assert content["apiVersion"] == 1
    assert (provider["type"], provider["folder"]) == ("file", "FusionSolar")
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"


def test_nothing_else_is_provisioned() -> None:
    files = {str(path.relative_to(PROVISIONING)) for path in PROVISIONING.rglob("*") if path.is_file()}

    assert files == {"datasources/prometheus.yml", "dashboards/fusionsolar.yml"}
