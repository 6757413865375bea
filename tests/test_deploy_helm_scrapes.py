"""Names, labels, and what finds and scrapes the pod of the Helm chart."""

import pytest
from deploy_support import (
    VARIANTS,
    exporter_in,
    of_kind,
    pod_of,
    template,
    the,
)

pytestmark = pytest.mark.no_cover  # the tracer would double their time


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
