"""The Helm chart: clean, strict about values, and right for every Kubernetes that it is for."""

import json
import os
import re
import runpy
import shutil
from collections import defaultdict
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
    ids_in,
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

VALUE_FILES = sorted((CHART / "ci").glob("*-values.yaml"))
VARIANTS: dict[str, dict[str, Any]] = {
    path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text(encoding="utf-8")) for path in VALUE_FILES
}
# OpenShift gives the user that is not there, and its Redis password has no file
_NO_USER = ["fusionsolar-exporter: runAsUser", "prometheus-agent: runAsUser"]
HIDDEN_FROM_CHECK = defaultdict(
    list[str],
    {
        "openshift-values.yaml": _NO_USER,
        "agent-openshift-values.yaml": [*_NO_USER, "fusionsolar-exporter: seccompProfile"],
        "replicas-values.yaml": ["fusionsolar-exporter: a secret may be in the environment"],
    },
)
BESIDE_NGINX = VARIANTS["application"]["sidecar"]


def configuration(manifests: list[Manifest], tmp_path: Path) -> Any:
    path = tmp_path / "config.yml"
    (text,) = (
        found["data"]["config.yml"] for found in of_kind(manifests, "ConfigMap") if "config.yml" in found["data"]
    )
    path.write_text(text, encoding="utf-8")
    return load_config(path, os.environ)


def test_helm_lint_is_silent() -> None:
    for values in ((), ("--set-json", json.dumps(VARIANTS["operator"]))):
        result = helm("lint", "--strict", "--quiet", CHART, *values)

        assert (result.returncode, result.stdout) == (0, ""), result.stdout + result.stderr


@pytest.mark.parametrize("path", VALUE_FILES, ids=VARIANTS)
def test_kubernetes_and_the_operator_take_every_variant(path: Path) -> None:
    for version in NEWEST:
        result = helm("template", "test", CHART, "--kube-version", version, "--values", path)
        assert result.returncode == 0, result.stderr
        manifests = loaded(result.stdout)

        assert_valid(manifests, version)
        names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
        assert len(names) == len(set(names))
    pod = pod_of(the(manifests, "Deployment"))
    breaches = breaches_of_restricted(pod)
    own = [each for each in breaches if not each.startswith("nginx") and each not in HIDDEN_FROM_CHECK[path.name]]
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
        ({"sidecar": {"enabled": True}, "scrapeConfig": {"enabled": True}}, "use podMonitor.enabled"),
        ({"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}, "choose one"),
        ({"podMonitor": {"enabled": True}, "scrapeConfig": {"enabled": True}}, "choose one"),
        ({"serviceMonitor": {"relabeling": []}}, "relabeling"),
        ({"scrapeConfig": {"basicAuth": {"user": {}}}}, "user"),
        ({"sidecar": {"agent": {"securityContexts": {}}}}, "securityContexts"),
        ({"serviceAccount": {"annotation": {}}}, "annotation"),
        ({"extraArgs": ["serve"]}, "/extraArgs"),
        ({"fullnameOverride": "Not A Name"}, "/fullnameOverride"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_by_its_name(values: dict[str, Any], word: str) -> None:
    result = template_says(**values)

    assert result.returncode != 0
    assert word in result.stderr


def test_the_schema_knows_every_value() -> None:
    def compare(values: Any, schema: Any, path: str) -> None:
        schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "properties" in schema:
            assert schema["additionalProperties"] is False, path
            assert values.keys() <= schema["properties"].keys(), path
            for key, value in values.items():
                compare(value, schema["properties"][key], f"{path}.{key}")

    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    definitions = schema["definitions"]
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


def test_names_and_labels_of_ones_own() -> None:
    manifests = template(**VARIANTS["names"])

    assert {manifest["metadata"]["name"] for manifest in manifests} == {"solar-exporter", "solar"}
    deployment = the(manifests, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels.items() >= {"app.kubernetes.io/name": "solar", "team": "energy", "tier": "monitoring"}.items()
    assert all(manifest["metadata"]["labels"]["team"] == "energy" for manifest in manifests)
    assert "team" not in deployment["spec"]["selector"]["matchLabels"], "selectors cannot be changed later"
    account = the(manifests, "ServiceAccount")
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/solar"}
    assert pod_of(deployment)["serviceAccountName"] == account["metadata"]["name"] == "solar"


def test_a_common_label_cannot_break_what_selects() -> None:
    manifests = template(commonLabels={"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y"})
    spec = the(manifests, "Deployment")["spec"]

    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_one_scrape_through_the_service() -> None:
    manifests = template("--namespace", "solar", **VARIANTS["replicas"])
    spec = the(manifests, "ScrapeConfig")["spec"]
    service = the(manifests, "Service")

    (static,) = spec["staticConfigs"]
    assert static["targets"] == [f"{service['metadata']['name']}.solar.svc:{service['spec']['ports'][0]['port']}"]
    assert (spec["scheme"], spec["scrapeInterval"]) == ("HTTP", "30s")
    assert of_kind(manifests, "ServiceMonitor") == of_kind(manifests, "PodMonitor") == []
    (spread,) = pod_of(the(manifests, "Deployment"))["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == service["spec"]["selector"]


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor", "ScrapeConfig"])
def test_every_way_to_scrape_has_the_same_settings(kind: str) -> None:
    secured = VARIANTS["secured"]["serviceMonitor"]
    spec = the(template(**{kind[0].lower() + kind[1:]: secured}), kind)["spec"]
    ((scraping),) = spec.get("endpoints", spec.get("podMetricsEndpoints", [spec]))

    for key in ("tlsConfig", "basicAuth", "relabelings", "metricRelabelings"):
        assert scraping[key] == secured[key]
    assert scraping["scheme"].lower() == "https"
    assert scraping["scrapeTimeout"] == "10s"


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


def test_the_readme_is_that_of_the_values() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "chart_readme.py"))["readme"](CHART)

    assert (CHART / "README.md").read_text(encoding="utf-8") == page, "run scripts/render-manifests"
    assert "| `serviceMonitor.tlsConfig` | `{}` |" in page
    assert '| `service.ipFamilyPolicy` | `"PreferDualStack"` | IPv4 and IPv6 where the cluster has both |' in page


def test_catalogues_find_what_they_look_for() -> None:
    annotations = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["annotations"]

    assert all(isinstance(text, str) for text in annotations.values())
    assert annotations["artifacthub.io/license"] == "Apache-2.0"
    (image,) = yaml.safe_load(annotations["artifacthub.io/images"])
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert image["image"] == values["sidecar"]["agent"]["image"]
    assert {change["kind"] for change in yaml.safe_load(annotations["artifacthub.io/changes"])} <= {"added", "changed"}


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
    manifests = template(**VARIANTS["operator"])
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
    manifests = template(**VARIANTS["operator"])
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
    result = helm("template", "test", chart, "--set-json", json.dumps(VARIANTS["operator"]))
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
        ("deploy-helm.md", "podSecurityContext"),
    ],
)
def test_the_values_of_the_documentation_are_right(
    page: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "x")
    for values in snippets(page, key):
        manifests = template(**values)

        assert_valid(manifests, NEWEST[0])
        assert not ids_in(manifests) or key != "podSecurityContext"
        assert configuration(manifests, tmp_path).accounts
