"""The pod of the Helm chart: beside an application, its users, its state, and what is added to it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_support import (
    BESIDE_NGINX,
    GIVEN,
    NEWEST,
    VARIANTS,
    breaches_of_restricted,
    exporter_in,
    ids_in,
    of_kind,
    pod_of,
    program,
    run,
    template,
    template_says,
    the,
)

pytestmark = pytest.mark.no_cover  # the tracer would double their time


@pytest.mark.parametrize(("version", "native"), [("1.28", False), ("1.29", True), (NEWEST[0], True)])
def test_a_native_sidecar_where_the_cluster_has_it(version: str, native: bool) -> None:
    pod = pod_of(the(template("--kube-version", version, sidecar=BESIDE_NGINX), "Deployment"))

    exporter = exporter_in(pod)
    assert [each["name"] for each in pod["containers"]] == ["nginx"] if native else ["fusionsolar-exporter", "nginx"]
    assert exporter.get("restartPolicy") == ("Always" if native else None)
    assert {"name": "cache", "emptyDir": {}} in pod["volumes"]


def test_the_agent_beside_the_exporter_scrapes_it(tmp_path: Path) -> None:
    write = [{"url": "https://mimir.example/api/v1/push", "basic_auth": {"username": "x", "password_file": "/secret"}}]
    manifests = template(sidecar={"enabled": True, "agent": {"remoteWrite": write, "remoteWriteSecretName": "mimir"}})

    text = the(manifests, "ConfigMap")["data"]["prometheus.yml"]
    path = tmp_path / "prometheus.yml"
    path.write_text(text, encoding="utf-8")
    config = yaml.safe_load(text)
    assert run(program("promtool"), "check", "config", "--agent", "--syntax-only", path).returncode == 0
    assert config["scrape_configs"][0]["static_configs"] == [{"targets": ["localhost:10035"]}]
    assert config["remote_write"] == write
    assert "mimir" in {
        volume.get("secret", {}).get("secretName") for volume in pod_of(the(manifests, "Deployment"))["volumes"]
    }


def test_nothing_is_beside_itself() -> None:
    kinds = {manifest["kind"] for manifest in template(sidecar={"enabled": True})}

    assert kinds == {"ConfigMap", "Deployment", "PodDisruptionBudget", "ServiceAccount"}


NO_IDS = {
    "null where they stand": ({"fsGroup": None}, {"runAsUser": None, "runAsGroup": None}),
    "nothing": ({}, {}),
    "others": ({"runAsNonRoot": True}, {"allowPrivilegeEscalation": False}),
}


@pytest.mark.parametrize(("pod", "container"), NO_IDS.values(), ids=NO_IDS)
def test_fixed_ids_can_be_left_out(pod: dict[str, Any], container: dict[str, Any]) -> None:
    given = {"podSecurityContext": pod, "securityContext": container}
    agent = {"enabled": True, "agent": {"securityContext": container}}

    for manifests in (template(**given), template(**given, sidecar=agent)):
        assert ids_in(manifests) == set()


def test_what_is_given_replaces_a_context_and_null_changes_it() -> None:
    def contexts(**values: Any) -> tuple[Any, Any]:
        spec = pod_of(the(template(**values), "Deployment"))
        return spec["securityContext"], exporter_in(spec)["securityContext"]

    pod, container = contexts()
    assert (pod["fsGroup"], container["runAsUser"], container["runAsGroup"]) == (10035, 10035, 10035)
    own = {"runAsUser": 1000, "runAsNonRoot": True}
    assert contexts(podSecurityContext=own, securityContext=own) == (own, own)
    changed = contexts(securityContext={"runAsGroup": None, "runAsUser": 7})[1]
    assert changed == {key: value for key, value in container.items() if key != "runAsGroup"} | {"runAsUser": 7}


def test_openshift_is_left_its_ids_where_the_cluster_says_that_it_is_one() -> None:
    manifests = template("--api-versions", "security.openshift.io/v1", sidecar={"enabled": True})

    assert ids_in(manifests) == set()
    missing = list(breaches_of_restricted(pod_of(the(manifests, "Deployment"))))
    assert missing == ["fusionsolar-exporter: runAsUser", "prometheus-agent: runAsUser"]


def test_a_web_configuration_is_mounted_given_and_asked_past() -> None:
    values = {"url": "https://eu5.fusionsolar.huawei.com", "secretName": "solar", "webConfigSecretName": "web"}
    pod = pod_of(the(template(**values), "Deployment"))
    exporter = exporter_in(pod)
    flag = "--web.config.file=/etc/fusionsolar-web/web.yml"

    assert flag in exporter["args"]
    (mount,) = [mount for mount in exporter["volumeMounts"] if mount["mountPath"] == "/etc/fusionsolar-web"]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == mount["name"]]
    assert volume["secret"] == {"secretName": "web", "optional": False, "defaultMode": 0o440}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert exporter[probe]["exec"] == {"command": ["fusionsolar-exporter", "healthcheck", flag]}
        assert "httpGet" not in exporter[probe]


def test_what_is_extra_is_where_it_belongs() -> None:
    values = VARIANTS["everything"]
    manifests = template(**values)
    pod = pod_of(the(manifests, "Deployment"))
    exporter = exporter_in(pod)

    assert exporter["args"][-1] == values["extraArgs"][0]
    assert values["extraEnv"][0] in exporter["env"]
    assert values["extraVolumeMounts"][0] in exporter["volumeMounts"]
    assert values["extraVolumes"][0] in pod["volumes"]
    assert (pod["hostAliases"], pod["dnsConfig"]) == (values["hostAliases"], values["dnsConfig"])
    assert (pod["priorityClassName"], pod["serviceAccountName"]) == ("low", "shared")
    maps = {found["metadata"]["name"]: found["data"] for found in of_kind(manifests, "ConfigMap")}
    assert maps["test-fusionsolar-exporter-note"] == {"release": "test"}
    assert "authority" in maps
    assert of_kind(manifests, "ServiceAccount") == []


def test_state_has_a_place_that_can_be_written_to() -> None:
    for values in ({}, {"sidecar": BESIDE_NGINX}):
        pod = pod_of(the(template(**values), "Deployment"))
        (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "fusionsolar-exporter-state")
        (mount,) = (
            mount for mount in exporter_in(pod)["volumeMounts"] if mount["name"] == "fusionsolar-exporter-state"
        )
        assert volume["emptyDir"] == {"sizeLimit": "1Gi"}
        assert exporter_in(pod)["env"] == [{"name": "STATE_DIRECTORY", "value": mount["mountPath"]}]
        assert not mount.get("readOnly")

    pod = pod_of(the(template(state={"volume": "none"}), "Deployment"))
    assert "env" not in exporter_in(pod)
    assert {key for volume in pod["volumes"] for key in volume} == {"name", "configMap", "secret"}


def test_state_beyond_the_pod() -> None:
    manifests = template(state={"volume": "persistentVolumeClaim", "storageClassName": "fast", "size": "2Gi"})
    claim = the(manifests, "PersistentVolumeClaim")
    pod = pod_of(the(manifests, "Deployment"))
    assert claim["spec"]["storageClassName"] == "fast"
    assert pod["volumes"][-1]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert exporter_in(pod)["volumeMounts"][-1]["mountPath"] == exporter_in(pod)["env"][0]["value"]
    existing = template(state={"volume": "persistentVolumeClaim", "existingClaim": "mine"})
    assert of_kind(existing, "PersistentVolumeClaim") == []


def test_replicas_need_redis_and_are_updated_without_a_pause() -> None:
    shared = {"state": {"url": "redis://redis:6379/0"}}
    assert the(template(config=shared, replicas=3), "Deployment")["spec"]["replicas"] == 3
    assert the(template(config=shared), "Deployment")["spec"]["strategy"] == {"type": "RollingUpdate"}
    alone = the(template(), "Deployment")["spec"]
    assert (alone["replicas"], alone["strategy"]) == (1, {"type": "Recreate"})
    told = template_says("--set-json", json.dumps(GIVEN | {"replicas": 2})).stderr
    assert "replicas above 1 share their state over Redis: set config.state.url to redis://" in told
