"""The Helm chart: clean, strict about values, and right for every Kubernetes that it is for."""

import json
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
    VALUE_FILES,
    VARIANTS,
    assert_valid,
    breaches_of_restricted,
    configuration,
    exporter_in,
    helm,
    ids_in,
    loaded,
    of_kind,
    pod_of,
    template,
    template_says,
    the,
)

from fusionsolar_exporter import __version__

pytestmark = pytest.mark.no_cover  # the tracer would double their time

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
