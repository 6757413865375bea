"""Render deploy/kubernetes from the chart: ``scripts/render-manifests``. The chart is the one source of both."""

import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

NAME = "fusionsolar-exporter"
HEADER = "# Rendered from deploy/helm by scripts/render-manifests: change it there, or patch it in an overlay.\n"
VALUES = {"url": "https://eu5.fusionsolar.huawei.com", "secretName": NAME}
BESIDE = {"sidecar.enabled": "true", "sidecar.agent.enabled": "false", "sidecar.containers[0].name": "application"}
COMPONENT = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - {}.yaml
"""
# what the chart takes from elsewhere, since a chart reads no file outside it
TAKEN = {"rules": "deploy/prometheus/*.rules.yml", "dashboards": "grafana/dashboards/*.json"}
DEPLOYMENT = ("configmap", "deployment", "networkpolicy", "poddisruptionbudget", "service", "serviceaccount")
MONITORS = {
    "servicemonitor": "serviceMonitor.enabled",
    "podmonitor": "podMonitor.enabled",
    "prometheusrule": "prometheusRule.enabled",
    "dashboards": "dashboards.enabled",
}
_HELMS_OWN = re.compile(
    r"^ +(helm\.sh/chart|app\.kubernetes\.io/managed-by|checksum/config): .*\n|^# Source: .*\n", re.MULTILINE
)
_COMMENT_ON_CHECKSUM = re.compile(r"^ +# a changed configuration .*\n", re.MULTILINE)


def taken(root: Path) -> Mapping[str, str]:
    """Files of the chart that are copies, by their path in the chart."""
    return {
        f"files/{folder}/{path.name}": path.read_text(encoding="utf-8")
        for folder, pattern in TAKEN.items()
        for path in sorted(root.glob(pattern))
    }


def rendered(chart: Path, helm: str) -> Mapping[str, str]:
    """The manifests by their path in deploy/kubernetes."""
    files = {f"deployment/{name}.yaml": _template(chart, helm, name, VALUES) for name in DEPLOYMENT}
    for name, switch in MONITORS.items():
        text = _template(chart, helm, name, VALUES | {switch: "true"})
        if text.removeprefix(HEADER).strip():
            files[f"{name}/{name}.yaml"] = text
            files[f"{name}/kustomization.yaml"] = HEADER + COMPONENT.format(name)
    for folder, native in (("sidecar", "true"), ("sidecar-container", "false")):
        values = VALUES | BESIDE | {"sidecar.native": native}
        files[f"{folder}/configmap.yaml"] = _template(chart, helm, "configmap", values)
        files[f"{folder}/patch.yaml"] = HEADER + _patch(_template(chart, helm, "deployment", values))
    return files


def _template(chart: Path, helm: str, name: str, values: Mapping[str, str]) -> str:
    command = [helm, "template", NAME, str(chart), "--show-only", f"templates/{name}.yaml"]
    command += [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no word is from outside
    if run.returncode:
        if "could not find template" in run.stderr:  # nothing to show: no rules, or no dashboards
            return HEADER
        raise SystemExit(run.stderr)
    text = _COMMENT_ON_CHECKSUM.sub("", _HELMS_OWN.sub("", run.stdout))
    return HEADER + re.sub(r"\n+(?=---\n|\Z)", "\n", text.removeprefix("---\n"))


def _patch(deployment: str) -> str:
    """What a pod gets to have the exporter in it, as a strategic merge; pod-wide settings stay the application's."""
    pod = yaml.safe_load(deployment)["spec"]["template"]["spec"]
    kinds = {
        key: [each for each in pod.get(key, ()) if each["name"] == NAME] for key in ("initContainers", "containers")
    }
    spec: dict[str, Any] = {key: found for key, found in kinds.items() if found}
    for secret in (volume["secret"] for volume in pod["volumes"] if "secret" in volume):
        secret["defaultMode"] = 0o444  # the pod may have no fsGroup; nothing but the exporter mounts it
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "any"},
        "spec": {"template": {"spec": spec | {"volumes": pod["volumes"]}}},
    }
    return yaml.safe_dump(patch, sort_keys=False, width=1000)


def write(folder: Path, files: Mapping[str, str], owned: str) -> None:
    """Make the files that match ``owned`` be these, and no others."""
    for path in folder.glob(owned):
        if path.relative_to(folder).as_posix() not in files and path.name != "kustomization.yaml":
            path.unlink()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write every file anew."""
    root = Path(__file__).parents[1]
    helm = sys.argv[1] if len(sys.argv) > 1 else shutil.which("helm") or "helm"
    chart = root / "deploy" / "helm" / NAME
    write(chart, taken(root), "files/*/*")
    readme = runpy.run_path(str(Path(__file__).with_name("chart_readme.py")))["readme"]
    (chart / "README.md").write_text(readme(chart), encoding="utf-8")
    write(root / "deploy" / "kubernetes", rendered(chart, helm), "[!e]*/*.yaml")


if __name__ == "__main__":
    main()
