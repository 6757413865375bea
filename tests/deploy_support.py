"""What the tests of deploy/ share: the programs that they run, and manifests as Kubernetes would take them."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from fusionsolar_exporter.config import load_config

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "fusionsolar-exporter"
KUBERNETES = DEPLOY / "kubernetes"
GIVEN = {"url": "https://eu5.fusionsolar.huawei.com", "secretName": "fusionsolar"}
_LATEST = kubernetes_validate.latest_version().split(".")
NEWEST = [f"{_LATEST[0]}.{int(_LATEST[1]) - age}" for age in range(3)]
# the operator's own schemas, version 0.93.0 (Apache-2.0), without their descriptions
OPERATOR_KINDS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests" / "data" / "crds").glob("*.json")}

Manifest = dict[str, Any]

VALUE_FILES = sorted((CHART / "ci").glob("*-values.yaml"))
VARIANTS: dict[str, dict[str, Any]] = {
    path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text(encoding="utf-8")) for path in VALUE_FILES
}
BESIDE_NGINX = VARIANTS["application"]["sidecar"]


def program(name: str, hint: str = "") -> str:
    """A program of this machine, of the virtual environment, or of scripts/fetch-kubernetes-tools."""
    tools = runpy.run_path(str(ROOT / "scripts" / "kubernetes_tools.py"))["cache_directory"]()
    places = [str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed{hint}")
        pytest.skip(f"{name} is not installed{hint}")
    return found


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What a program says, and its exit status."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run(program("helm", ": run scripts/fetch-kubernetes-tools"), *arguments)


def template(*arguments: str, **values: Any) -> list[Manifest]:
    """The manifests of the chart with these values over URL and Secret."""
    result = template_says(*arguments, **values)
    assert result.returncode == 0, result.stderr
    return loaded(result.stdout)


def template_says(*arguments: str, **values: Any) -> subprocess.CompletedProcess[str]:
    return helm("template", "test", CHART, *arguments, "--set-json", json.dumps(GIVEN | values))


def kustomize(folder: Path) -> list[Manifest]:
    """What ``kubectl apply --kustomize`` would send."""
    result = run(program("kubectl", ": run scripts/fetch-kubernetes-tools"), "kustomize", folder)
    assert result.returncode == 0, result.stderr
    return loaded(result.stdout)


def loaded(text: str) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def the(manifests: Iterable[Manifest], kind: str) -> Manifest:
    (found,) = of_kind(manifests, kind)
    return found


def pod_of(workload: Manifest) -> Manifest:
    found: Manifest = workload["spec"]["template"]["spec"]
    return found


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def exporter_in(pod: Manifest) -> Manifest:
    (found,) = (each for each in containers(pod) if each["name"] == "fusionsolar-exporter")
    return found


def assert_valid(manifests: Iterable[Manifest], version: str) -> None:
    """Strictly, as ``kubernetes-validate --strict -k VERSION`` does, and as the operator's definitions say."""
    for manifest in manifests:
        definition = OPERATOR_KINDS.get(manifest["kind"])
        if definition is None:
            kubernetes_validate.validate(manifest, version, strict=True)
        else:
            assert manifest["apiVersion"] == definition["apiVersion"]
            jsonschema.validate(manifest["spec"], closed(definition["spec"]))


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name, as the API server prunes them."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        inside.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        inside.pop("type", None)
    return inside


def ids_in(value: Any) -> set[str]:
    """What names a user or a group anywhere in a manifest."""
    if isinstance(value, list):
        return set().union(*map(ids_in, value))
    if not isinstance(value, dict):
        return set()
    own = value.keys() & {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"}
    return own.union(*map(ids_in, value.values()))


def breaches_of_restricted(pod: Manifest) -> Iterator[str]:
    """What the restricted Pod Security Standard would refuse, and what this project asks beyond it."""
    if pod.get("automountServiceAccountToken") is not False:
        yield "a token of the service account is mounted"
    yield from (f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key))
    for volume in pod.get("volumes", ()):
        if not volume.keys() & {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected"}:
            yield f"volume {volume['name']}"
    for container in containers(pod):
        context = pod.get("securityContext", {}) | container.get("securityContext", {})
        wanted = {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        yield from (f"{container['name']}: {key}" for key, value in wanted.items() if context.get(key) != value)
        if context.get("runAsUser", 0) == 0:
            yield f"{container['name']}: runAsUser"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield f"{container['name']}: no limit of memory"
        if any("valueFrom" in each for each in container.get("env", ())) or "envFrom" in container:
            yield f"{container['name']}: a secret may be in the environment"


def configuration(manifests: list[Manifest], tmp_path: Path) -> Any:
    """That of the exporter, as it reads it."""
    path = tmp_path / "config.yml"
    (text,) = (
        found["data"]["config.yml"] for found in of_kind(manifests, "ConfigMap") if "config.yml" in found["data"]
    )
    path.write_text(text, encoding="utf-8")
    return load_config(path, os.environ)
