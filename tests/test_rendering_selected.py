"""``/metrics?account=`` and ``name[]`` as they are really served: of all series, the exporter's own among them."""

import gzip
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.http_world import HttpWorld
from web_support import ask, serving

from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.server import WebServer

Found = set[tuple[str, frozenset[tuple[str, str]]]]
STATE, REQUESTS = "fusionsolar_state_operation_duration_seconds", "fusionsolar_api_request_duration_seconds"
NAMES = [
    (),
    ("fusionsolar_exporter_build_info",),
    (f"{STATE}_count",),
    (f"{STATE}_bucket", f"{REQUESTS}_sum"),
    ("fusionsolar_api_requests_total", "fusionsolar_plant_power_watts", "fusionsolar_no_such_metric"),
    ("fusionsolar_state_errors_total", "fusionsolar_up"),
    ("",),
]


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(60)
        world.exporter.refresh_exposition()
        with serving(Application(world.exporter, clock=world.clock)) as running:
            yield running


def served(server: WebServer, query: str, accept: str, encoding: str) -> Found:
    """Names and labels: some values are others at every look."""
    answer = ask(server, f"/metrics{query}", accept=accept, accept_encoding=encoding)
    assert answer.status == 200
    text = (gzip.decompress(answer.body) if encoding == "gzip" else answer.body).decode()
    assert ("# EOF" in text) is bool(accept)
    heads = text.split("# HELP ")[1:]
    assert all(re.search(r"^[^#\n]", head.partition("\n")[2], re.MULTILINE) for head in heads)  # none without a sample
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    samples = [sample for family in text_string_to_metric_families(lines) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())) for sample in samples}


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("accept", ["", "application/openmetrics-text"])
@pytest.mark.parametrize("account", [None, "default", "nobody", ""])
def test_what_is_selected_is_what_everything_has_of_it(
    server: WebServer, account: str | None, accept: str, encoding: str
) -> None:
    everything = served(server, "", accept, encoding)
    assert {name for name, _ in everything} > {name for names in NAMES[1:4] for name in names}
    for names in NAMES:
        pairs = [("account", account)] if account is not None else []
        query = urlencode([*pairs, *(("name[]", name) for name in names)])
        expected = {
            (name, labels)
            for name, labels in everything
            if (not names or name in names) and (account is None or dict(labels).get("account", account) == account)
        }
        assert served(server, f"?{query}", accept, encoding) == expected


def test_an_account_has_its_series_and_those_of_none(server: WebServer) -> None:
    accounts = {dict(labels).get("account") for _, labels in served(server, "?account=default", "", "identity")}
    assert accounts == {"default", None}
    assert {dict(labels).get("account") for _, labels in served(server, "?account=other", "", "identity")} == {None}
