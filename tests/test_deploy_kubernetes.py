"""The plain manifests: rendered from the chart, valid, and the sidecar leaves the application as it is."""

import re
import runpy
import shutil
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from deploy_support import (
    CHART,
    KUBERNETES,
    NEWEST,
    ROOT,
    Manifest,
    assert_valid,
    breaches_of_restricted,
    exporter_in,
    kustomize,
    pod_of,
    program,
    run,
    the,
)

from fusionsolar_exporter.config import load_config

RENDER = runpy.run_path(str(ROOT / "scripts" / "render_manifests.py"))
COMPONENTS = sorted(
    path.parent.name for path in KUBERNETES.glob("*/kustomization.yaml") if "kind: Component" in path.read_text()
)

pytestmark = pytest.mark.no_cover  # the tracer would double their time
APPLICATION: Manifest = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "application", "labels": {"fusionsolar-exporter": "sidecar"}},
    "spec": {
        "serviceName": "application",
        "selector": {"matchLabels": {"app": "application"}},
        "template": {
            "metadata": {"labels": {"app": "application"}},
            "spec": {
                "securityContext": {"runAsUser": 7, "fsGroup": 8},
                "initContainers": [{"name": "first", "image": "first"}],
                "containers": [{"name": "application", "image": "application"}],
                "volumes": [{"name": "data", "emptyDir": {}}],
            },
        },
    },
}


def overlay(folder: Path, resources: list[Manifest], components: list[str]) -> list[Manifest]:
    """What comes of resources and components of this project, laid out as in the repository."""
    for component in components:
        (folder / component).mkdir()
        for path in (KUBERNETES / component).glob("*.yaml"):
            (folder / component / path.name).write_bytes(path.read_bytes())
    own = folder / "own"
    own.mkdir()
    (own / "resources.yaml").write_text(yaml.safe_dump_all(resources))
    text = yaml.safe_dump({"resources": ["resources.yaml"], "components": [f"../{name}" for name in components]})
    (own / "kustomization.yaml").write_text(text)
    return kustomize(own)


def test_they_are_what_the_chart_renders() -> None:
    expected = RENDER["rendered"](CHART, program("helm", ": run scripts/fetch-kubernetes-tools"))
    there = {
        path.relative_to(KUBERNETES).as_posix(): path.read_text(encoding="utf-8")
        for path in KUBERNETES.glob("*/*.yaml")
        if path.parent.name != "example-sidecar"
    }

    by_hand = {f"{folder}/kustomization.yaml" for folder in ("deployment", "sidecar", "sidecar-container")}
    assert {name: text for name, text in there.items() if name not in by_hand} == expected, (
        "run scripts/render-manifests"
    )
    assert by_hand <= there.keys()


def test_the_chart_has_the_newest_rules_and_dashboards() -> None:
    there = {path.relative_to(CHART).as_posix(): path.read_text(encoding="utf-8") for path in CHART.glob("files/*/*")}

    assert there == RENDER["taken"](ROOT), "run scripts/render-manifests"


def test_rendering_takes_away_what_is_no_longer_there(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("gone.yaml", "kustomization.yaml"):
        (tmp_path / "old" / name).write_text("x")

    RENDER["write"](tmp_path, {"new/file.yaml": "y"}, "*/*.yaml")

    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")} == {
        "new/file.yaml",
        "old/kustomization.yaml",
    }


@pytest.mark.parametrize("folder", ["deployment", "example-sidecar"])
def test_kubernetes_takes_what_kustomize_makes(folder: str) -> None:
    manifests = kustomize(KUBERNETES / folder)

    for version in NEWEST:
        assert_valid(manifests, version)
    assert list(breaches_of_restricted(pod_of(the(manifests, "Deployment")))) == []


def test_nothing_is_left_of_helm() -> None:
    texts = [path.read_text(encoding="utf-8") for path in KUBERNETES.glob("*/*.yaml")]

    assert len(texts) > 10
    assert not any(word in text for text in texts for word in ("helm.sh", "managed-by", "{{ .", "checksum/"))


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_can_be_added(component: str, tmp_path: Path) -> None:
    manifests = overlay(tmp_path, [APPLICATION], [component])

    assert len(manifests) > 1
    assert_valid(manifests, NEWEST[0])


@pytest.mark.parametrize(("component", "native"), [("sidecar", True), ("sidecar-container", False)])
@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment", "DaemonSet"])
def test_the_sidecar_leaves_the_application_as_it_is(component: str, native: bool, kind: str, tmp_path: Path) -> None:
    application = deepcopy(APPLICATION) | {"kind": kind}
    if kind != "StatefulSet":
        del application["spec"]["serviceName"]
    other = deepcopy(application) | {"metadata": {"name": "other"}}

    manifests = overlay(tmp_path, [application, other], [component])

    by_name = {manifest["metadata"]["name"]: manifest for manifest in manifests if manifest["kind"] == kind}
    assert by_name["other"] == other
    pod = pod_of(by_name["application"])
    exporter = exporter_in(pod)
    assert exporter.get("restartPolicy") == ("Always" if native else None)
    assert exporter in pod["initContainers" if native else "containers"]
    before = pod_of(application)
    assert pod["securityContext"] == before["securityContext"]
    for key in ("initContainers", "containers", "volumes"):
        assert all(each in pod[key] for each in before[key])
    # nothing of the pod's own settings is needed: user, and a Secret that every group can read
    assert exporter["securityContext"]["runAsUser"] == 10035
    (secret,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
    assert secret["defaultMode"] == 0o444
    assert list(breaches_of_restricted({"automountServiceAccountToken": False, "containers": [exporter]})) == []


def test_the_configurations_are_valid(tmp_path: Path) -> None:
    manifests = kustomize(KUBERNETES / "example-sidecar")
    texts = {key: text for found in manifests for key, text in found.get("data", {}).items()}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    (account,) = load_config(tmp_path / "config.yml", {}).accounts
    mounts = {mount["mountPath"] for mount in exporter_in(pod_of(the(manifests, "Deployment")))["volumeMounts"]}
    assert str(account.password_file).removesuffix("/password") in mounts
    assert run(program("promtool"), "check", "config", "--agent", tmp_path / "prometheus.yml").returncode == 0


def test_no_volume_is_mounted_inside_another_that_is_read_only() -> None:
    for folder in ("deployment", "example-sidecar"):
        paths = [
            Path(mount["mountPath"])
            for mount in exporter_in(pod_of(the(kustomize(KUBERNETES / folder), "Deployment")))["volumeMounts"]
        ]
        assert len(paths) >= 2
        assert not any(inner.is_relative_to(outer) for inner in paths for outer in paths if inner != outer)


def test_the_patch_of_the_documentation_changes_the_host(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "deploy-kubernetes-sidecar.md").read_text(encoding="utf-8")
    found = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
    kustomization, patches = (next(each for each in found if key in each) for key in ("components", "patches"))
    shutil.copytree(KUBERNETES / "sidecar", tmp_path / "sidecar")
    shutil.copytree(KUBERNETES / "example-sidecar", tmp_path / "own")
    (tmp_path / "own" / "kustomization.yaml").write_text(yaml.safe_dump(kustomization | patches))

    manifests = kustomize(tmp_path / "own")

    (config,) = (found["data"]["config.yml"] for found in manifests if "config.yml" in found.get("data", {}))
    (tmp_path / "config.yml").write_text(config, encoding="utf-8")
    assert load_config(tmp_path / "config.yml", {}).accounts[0].url == "https://intl.fusionsolar.huawei.com"
    assert exporter_in(pod_of(the(manifests, "Deployment")))["image"].startswith("registry.example/")
