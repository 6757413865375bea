"""The Helm chart: clean, strict about values, and right for every Kubernetes that it is for."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_support import (
    CHART,
    GIVEN,
    NEWEST,
    ROOT,
    Manifest,
    assert_valid,
    breaches_of_restricted,
    exporter_in,
    helm,
    loaded,
    of_kind,
    pod_of,
    program,
    run,
    template,
    template_says,
    the,
)

from fusionsolar_exporter import __version__
from fusionsolar_exporter.config import load_config

pytestmark = pytest.mark.no_cover  # the tracer would double their time

BESIDE_NGINX = {
    "enabled": True,
    "agent": {"enabled": False},
    "containers": [{"name": "nginx", "image": "nginx"}],
    "volumes": [{"name": "cache", "emptyDir": {}}],
}
VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "monitored": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True},
        "dashboards": {"enabled": True},
    },
    "agent": {"sidecar": {"enabled": True}, "podMonitor": {"enabled": True}},
    "agent, container": {"sidecar": {"enabled": True, "native": False}},
    "application": {"sidecar": BESIDE_NGINX},
    "claim": {"state": {"volume": "persistentVolumeClaim"}, "networkPolicy": {"enabled": False}},
    "all settings": {
        "secretNames": ["parks", "roofs.fusionsolar"],
        "image": {"digest": "sha256:" + "a" * 64},
        "imagePullSecrets": [{"name": "registry"}],
        "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "state": {"volume": "none"},
        "networkPolicy": {"extraEgress": [{"ports": [{"port": 3128}]}]},
        "podLabels": {"team": "solar"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "solar", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "low",
    },
}


def configuration(manifests: list[Manifest], tmp_path: Path) -> Any:
    path = tmp_path / "config.yml"
    (text,) = (
        found["data"]["config.yml"] for found in of_kind(manifests, "ConfigMap") if "config.yml" in found["data"]
    )
    path.write_text(text, encoding="utf-8")
    return load_config(path, os.environ)


def test_helm_lint_is_silent() -> None:
    for values in ((), ("--set-json", json.dumps(GIVEN | VARIANTS["monitored"]))):
        result = helm("lint", "--strict", "--quiet", CHART, *values)

        assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


@pytest.mark.parametrize("version", NEWEST)
@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_kubernetes_takes_every_variant(values: dict[str, Any], version: str) -> None:
    manifests = template("--kube-version", version, **values)

    assert_valid(manifests, version)
    pod = pod_of(the(manifests, "Deployment"))
    own = [breach for breach in breaches_of_restricted(pod) if not breach.startswith("nginx")]
    assert own == []


def test_without_url_or_secret_it_says_what_is_missing() -> None:
    for missing, message in (("url", "url is missing: set it to"), ("secretName", "secretName is missing: set it to")):
        result = template_says(**{missing: ""})

        assert result.returncode != 0
        assert message in result.stderr


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"urll": "x"}, "urll"),
        ({"url": "eu5.fusionsolar.huawei.com"}, "/url"),
        ({"url": "https://eu5.fusionsolar.huawei.com/thirdData"}, "/url"),
        ({"secretName": "Not A Name"}, "/secretName"),
        ({"log": {"level": "loud"}}, "/log/level"),
        ({"config": {"acounts": []}}, "acounts"),
        ({"state": {"volume": "disk"}}, "/state/volume"),
        ({"sidecar": {"native": "maybe"}}, "/sidecar/native"),
        ({"service": {"port": 0}}, "/service/port"),
        ({"sidecar": {"enabled": True, "agent": {"enabled": False}}}, "sidecar.enabled without an application"),
        ({"sidecar": {"enabled": True}, "serviceMonitor": {"enabled": True}}, "use podMonitor.enabled"),
        ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "choose one"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_by_its_name(values: dict[str, Any], word: str) -> None:
    result = template_says(**values)

    assert result.returncode != 0
    assert word in result.stderr


def test_the_schema_knows_every_value() -> None:
    def compare(values: Any, schema: Any, path: str) -> None:
        if "properties" in schema:
            assert values.keys() <= schema["properties"].keys(), path
            for key, value in values.items():
                compare(value, schema["properties"][key], f"{path}.{key}")

    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    compare(values, schema, "")
    assert schema["properties"].keys() - values.keys() == {"global"}


def test_the_configuration_of_the_defaults(tmp_path: Path) -> None:
    manifests = template()

    (account,) = configuration(manifests, tmp_path).accounts
    assert (account.name, account.url) == ("default", GIVEN["url"])
    mounts = {mount["mountPath"] for mount in exporter_in(pod_of(the(manifests, "Deployment")))["volumeMounts"]}
    assert {str(account.username_file.parent), str(account.password_file.parent)} <= mounts


def test_a_configuration_of_ones_own(tmp_path: Path) -> None:
    config = {
        "accounts": [
            {
                "name": name,
                "url": f"http://{name}.example{port}",
                "username": "northbound",
                "password_file": f"/etc/fusionsolar-secrets/{name}/password",
            }
            for name, port in (("roofs", ":31943"), ("parks", ""))
        ],
        "collectors": {"alarms": {"levels": [1]}},
    }
    manifests = template(url="", secretName="", secretNames=["roofs", "parks"], config=config)

    taken = configuration(manifests, tmp_path)
    assert [account.name for account in taken.accounts] == ["roofs", "parks"]
    volumes = pod_of(the(manifests, "Deployment"))["volumes"]
    assert [volume["secret"]["secretName"] for volume in volumes if "secret" in volume] == ["roofs", "parks"]
    egress = the(manifests, "NetworkPolicy")["spec"]["egress"]
    assert [port["port"] for port in egress[1]["ports"]] == [31943, 80]


def test_https_leads_to_its_own_port() -> None:
    egress = the(template(), "NetworkPolicy")["spec"]["egress"]

    assert [{port["port"] for port in rule["ports"]} for rule in egress] == [{53}, {443}]


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

    assert kinds == {"ConfigMap", "Deployment", "PodDisruptionBudget"}


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


def test_what_selects_finds_the_pod_and_its_port() -> None:
    manifests = template(**VARIANTS["monitored"])
    labels = the(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    service = the(manifests, "Service")
    port = service["spec"]["ports"][0]
    monitor = the(manifests, "ServiceMonitor")["spec"]
    pod_monitor = the(template(podMonitor={"enabled": True}), "PodMonitor")["spec"]
    own = exporter_in(pod_of(the(manifests, "Deployment")))["ports"][0]["name"]

    for selector in (
        service["spec"]["selector"],
        the(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        the(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        pod_monitor["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == port["name"]
    assert {port["targetPort"], pod_monitor["podMetricsEndpoints"][0]["port"]} == {own}
    assert the(manifests, "NetworkPolicy")["spec"]["ingress"][0]["ports"] == [{"port": own}]
    assert the(manifests, "ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"


def test_a_changed_configuration_starts_the_pod_anew() -> None:
    def checksum(**values: Any) -> str:
        annotations = the(template(**values), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum() == checksum(log={"level": "debug"})
    assert checksum() != checksum(url="https://intl.fusionsolar.huawei.com")


def test_rules_and_dashboards_are_those_of_the_repository() -> None:
    manifests = template(**VARIANTS["monitored"])
    rules = [rule["spec"] for rule in of_kind(manifests, "PrometheusRule")]
    shown = {name: text for found in of_kind(manifests, "ConfigMap") for name, text in found["data"].items()}
    dashboards = {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("grafana/dashboards/*.json")
    }

    assert rules == [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("deploy/prometheus/*.rules.yml"))
    ]
    assert {name: json.loads(text) for name, text in shown.items() if name.endswith(".json")} == dashboards
    for found in of_kind(manifests, "ConfigMap"):
        if found["data"].keys() & dashboards.keys():
            assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
            assert len(json.dumps(found)) < 2**20, "a ConfigMap takes no more than 1 MiB"


def test_rules_and_dashboards_go_through_unread(tmp_path: Path) -> None:
    chart = tmp_path / "fusionsolar-exporter"
    shutil.copytree(CHART, chart, ignore=shutil.ignore_patterns("files"))
    texts = {
        "rules/two_words.rules.yml": (
            "# why\ngroups:\n  - name: g\n    rules: [{alert: A, annotations: {s: '{{ $labels.plant }}'}}]\n"
        ),
        "dashboards/plant.json": '{"title": "{{plant}} | $plant",\n "panels": []}\n',
    }
    for name, text in texts.items():
        (chart / "files" / name).parent.mkdir(parents=True)
        (chart / "files" / name).write_text(text, encoding="utf-8")
    result = helm("template", "test", chart, "--set-json", json.dumps(GIVEN | VARIANTS["monitored"]))
    manifests = loaded(result.stdout)

    rule = the(manifests, "PrometheusRule")
    assert rule["spec"] == yaml.safe_load(texts["rules/two_words.rules.yml"])
    assert rule["metadata"]["name"] == "test-fusionsolar-exporter-two-words"
    (dashboard,) = (found for found in of_kind(manifests, "ConfigMap") if "plant.json" in found["data"])
    assert dashboard["data"] == {"plant.json": texts["dashboards/plant.json"].strip()}
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
    assert exporter_in(pod_of(the(template(), "Deployment")))["image"].endswith(f":{__version__}")


def snippets(page: str, key: str) -> list[dict[str, Any]]:
    """The YAML of a page that has such a key at its top."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
    return [snippet for snippet in found if key in snippet]


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("deploy-kubernetes-sidecar.md", "sidecar"),
        ("deploy-helm.md", "config"),
        ("deploy-helm.md", "serviceMonitor"),
        ("deploy-helm.md", "state"),
    ],
)
def test_the_values_of_the_documentation_are_right(
    page: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "x")
    for values in snippets(page, key):
        manifests = template(**values)

        assert_valid(manifests, NEWEST[0])
        assert configuration(manifests, tmp_path).accounts
