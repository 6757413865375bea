"""The registry as text: both formats, selections, and any text in a label."""

import re
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_support import (
    PLANT,
    Exporter,
    FixedClock,
    families,
    named,
    rendered,
    samples,
    scrape,
    series,
    snapshot,
    view,
)
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import Collector

from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry, process_registry
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Severity


class Values(Collector):
    """One gauge with a series for every value."""

    def __init__(self, values: Iterable[float]) -> None:
        self.values = values

    def collect(self) -> Iterable[Metric]:
        metric = GaugeMetricFamily("x", "Values.", labels=["n"])
        for number, value in enumerate(self.values):
            metric.add_metric([str(number)], value)
        return [metric, GaugeMetricFamily("never", "Has no samples.", labels=["n"])]


@pytest.fixture
def registry() -> CollectorRegistry:
    """Two accounts, everything registered."""
    own = CollectorRegistry()
    instruments = OwnInstruments(own)
    views = [view(snapshot(plant_values={PLANT.code: {"day_power": 1}}), name=name) for name in ("home", "work")]
    for name in ("home", "work"):
        instruments.account(name).answered(Interface.LOGIN, 0.2)
    exporter = Exporter(views)
    status_collector = StatusCollector(lambda: views, FixedClock())
    return exported_registry(
        [exporter.collector, status_collector, instruments, own, process_registry()], lambda _: True
    )


def test_everything_is_there(registry: CollectorRegistry) -> None:
    text = samples(parse_text(rendered(registry, openmetrics=False)))

    names = {name for name, _ in text}
    assert {
        "fusionsolar_plant_day_yield_watthours",
        "fusionsolar_up",
        "fusionsolar_api_requests_total",
        "fusionsolar_api_request_duration_seconds_bucket",
        "fusionsolar_exporter_build_info",
        "python_info",
        "python_gc_collections_total",
        "process_open_fds",
    } <= names
    assert {name for name, _ in samples(families(registry, openmetrics=True))} == names


def test_openmetrics_ends_with_eof_and_text_has_none(registry: CollectorRegistry) -> None:
    assert rendered(registry, openmetrics=True).endswith("\n# EOF\n")
    assert "# EOF" not in rendered(registry, openmetrics=False)


@pytest.mark.parametrize("openmetrics", [True, False])
def test_families_without_samples_are_not_printed(openmetrics: bool) -> None:
    assert "never" not in rendered(Values([1]), openmetrics=openmetrics)
    assert rendered(Values([]), openmetrics=openmetrics) == ("# EOF\n" if openmetrics else "")


@pytest.mark.parametrize("openmetrics", [True, False])
def test_accounts_select_and_series_without_that_label_stay(registry: CollectorRegistry, openmetrics: bool) -> None:
    parse = parse_openmetrics if openmetrics else parse_text
    found = samples(parse(rendered(registry, openmetrics=openmetrics, accounts=frozenset({"work", "nobody"}))))

    assert {dict(labels).get("account") for _, labels in found} == {"work", None}
    assert named(found, "fusionsolar_exporter_build_info")
    assert named(found, "fusionsolar_plant_day_yield_watthours")


def test_an_unknown_account_leaves_only_series_without_that_label(registry: CollectorRegistry) -> None:
    text = rendered(registry, openmetrics=False, accounts=frozenset({"nobody"}))

    assert not [labels for _, labels in samples(parse_text(text)) if "account" in dict(labels)]
    assert "fusionsolar_up" not in text


def test_names_select_samples(registry: CollectorRegistry) -> None:
    wanted = {
        "fusionsolar_api_requests_total",
        "fusionsolar_api_request_duration_seconds_bucket",
        "fusionsolar_up",
        "nothing",
    }
    for openmetrics in (True, False):
        text = rendered(registry, openmetrics=openmetrics, names=frozenset(wanted))
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert {re.split("[{ ]", line)[0] for line in lines} == wanted - {"nothing"}


def test_accounts_and_names_select_together(registry: CollectorRegistry) -> None:
    text = rendered(
        registry,
        openmetrics=False,
        accounts=frozenset({"home"}),
        names=frozenset({"fusionsolar_up", "python_info"}),
    )

    found = samples(parse_text(text))
    assert {name for name, _ in found} == {"fusionsolar_up", "python_info"}
    assert set(named(found, "fusionsolar_up")) == {series("", {"account": "home"})[1]}


def test_registry_exports_what_is_wanted_at_every_scrape(registry: CollectorRegistry) -> None:
    wanted = {"fusionsolar_api_requests_total", "fusionsolar_up"}
    filtered = exported_registry([registry], lambda name: name in wanted)

    def fusionsolar() -> set[str]:
        found = samples(parse_text(rendered(filtered, openmetrics=False)))
        return {name for name, _ in found if name.startswith("fusionsolar_")}

    assert fusionsolar() == wanted
    wanted.remove("fusionsolar_up")
    assert fusionsolar() == wanted


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_values_are_exact(values: list[float]) -> None:
    for openmetrics in (True, False):
        parse = parse_openmetrics if openmetrics else parse_text
        found = samples(parse(rendered(Values(values), openmetrics=openmetrics)))
        for number, value in enumerate(values):
            assert struct.pack("d", found[series("x", {}, n=str(number))]) == struct.pack("d", value)


LINE = re.compile(
    r"""
    [a-z_]+ \{ ( [a-z_]+ = " ( [^"\\\n] | \\[\\n"] )* " ,? )+ \} [ ] \S+
    | \# [ ] (HELP|TYPE|UNIT) [ ] .*
    | \# [ ] EOF
    """,
    re.VERBOSE,
)
any_text = st.text(st.characters()) | st.text(st.sampled_from('\\"\n\r{}=,# \t\x00\x0b\x85\u2028n\ud800'))


@settings(deadline=None)  # the machine may be busy
@given(any_text, any_text, any_text, any_text, any_text)
@pytest.mark.no_cover
def test_any_text_in_a_label_reads_back_and_never_makes_a_wrong_line(
    account: str, code: str, name: str, device_id: str, other: str
) -> None:
    device = Device(device_id, other, code, 1, name, other, account)
    alarms = [Alarm(code, "", name, None, code, other, account, Severity.MINOR, device_id, 1.0)]
    content = snapshot(
        plants=[Plant(code, name, grid_connection_date=other)],
        devices=[device],
        plant_values={code: {other: 1}},
        device_values={device_id: {name: 1}},
        alarms={code: alarms},
    )
    collector = Exporter([view(content, name=account)]).collector

    found = scrape(collector)

    def clean(text: str) -> str:
        return "".join("\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character for character in text)

    plant = {"account": clean(account), "plant_code": clean(code), "plant": clean(name)}
    thing = {**plant, "device_id": clean(device_id), "device": clean(other), "device_type": "string_inverter"}
    assert series("fusionsolar_plant_info", plant, grid_connection_date=clean(other)) in found
    info = {"serial_number": clean(name), "model": clean(other), "software_version": clean(account)}
    assert series("fusionsolar_device_info", thing | info, device_type_id="1") in found
    assert len(named(found, "fusionsolar_alarm")) == 1
    for openmetrics in (True, False):
        *lines, last = rendered(collector, openmetrics=openmetrics).split("\n")
        assert last == ""
        assert [line for line in lines if LINE.fullmatch(line) is None] == []


def test_units_are_told_in_openmetrics_alone(registry: CollectorRegistry) -> None:
    lines = rendered(registry, openmetrics=True).splitlines()

    assert "# UNIT fusionsolar_plant_day_yield_watthours watthours" in lines
    assert "# UNIT fusionsolar_api_request_duration_seconds seconds" in lines
    assert not [line for line in rendered(registry, openmetrics=False).splitlines() if line.startswith("# UNIT")]
