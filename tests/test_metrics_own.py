"""The exporter's counters of its own work."""

import platform

import pytest
from metrics_support import Series, families, named, scrape, series
from prometheus_client import CollectorRegistry

from fusionsolar_exporter import __version__
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.fail_codes import FAIL_CODES
from fusionsolar_exporter.northbound.interfaces import Interface

HOME = {"account": "home"}
LOGIN = {"account": "home", "interface": "login"}
CODES = "fusionsolar_api_fail_codes_total"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def instruments(registry: CollectorRegistry) -> OwnInstruments:
    instruments = OwnInstruments(registry)
    registry.register(instruments)
    return instruments


def codes(found: dict[Series, float]) -> dict[str, float]:
    return {dict(labels)["fail_code"]: value for labels, value in named(found, CODES).items()}


def test_counters_with_closed_labels_start_at_0(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account("home")

    found = scrape(registry)

    asked = {dict(labels)["interface"] for labels in named(found, "fusionsolar_api_requests_total")}
    assert "getAlarmList" in asked
    assert "getKpiStationYear" not in asked  # begins with its first request: most accounts never ask it
    for interface in map(Interface, asked):
        labels = {"account": "home", "interface": interface.value}
        assert found[series("fusionsolar_api_requests_total", labels)] == 0
        assert found[series("fusionsolar_api_dropped_items_total", labels)] == 0
        assert found[series("fusionsolar_api_request_duration_seconds_count", labels)] == 0
        for reason in Reason:
            assert found[series("fusionsolar_api_failures_total", labels, reason=reason.value)] == 0
    assert not codes(found)
    assert not [name for name, _ in found if name.endswith("_created")]


def test_requests_are_counted(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    account = instruments.account("home")
    account.attempt(Interface.LOGIN)
    account.attempt(Interface.LOGIN)
    account.answered(Interface.LOGIN, 0.3)
    account.answered(Interface.LOGIN, 45.0)
    account.failed(Interface.LOGIN, Reason.CREDENTIALS, 20400)
    account.dropped(Interface.GET_DEV_REAL_KPI, 3)

    found = scrape(registry)

    assert found[series("fusionsolar_api_requests_total", LOGIN)] == 2
    assert found[series("fusionsolar_api_failures_total", LOGIN, reason="credentials")] == 1
    assert found[series("fusionsolar_api_failures_total", LOGIN, reason="timeout")] == 0
    assert found[series(CODES, LOGIN, fail_code="20400")] == 1
    assert found[series("fusionsolar_api_dropped_items_total", HOME, interface="getDevRealKpi")] == 3
    buckets = named(found, "fusionsolar_api_request_duration_seconds_bucket")
    assert buckets[series("", LOGIN, le="0.25")[1]] == 0
    assert buckets[series("", LOGIN, le="0.5")[1]] == 1
    assert buckets[series("", LOGIN, le="60.0")[1]] == 2
    assert found[series("fusionsolar_api_request_duration_seconds_sum", LOGIN)] == 45.3


def test_an_interface_that_few_ask_begins_whole_with_its_first_request(
    registry: CollectorRegistry, instruments: OwnInstruments
) -> None:
    instruments.account("home").attempt(Interface.GET_KPI_STATION_YEAR)

    found = scrape(registry)

    labels = {"account": "home", "interface": "getKpiStationYear"}
    assert found[series("fusionsolar_api_requests_total", labels)] == 1
    for reason in Reason:
        assert found[series("fusionsolar_api_failures_total", labels, reason=reason.value)] == 0


def test_a_failure_without_an_answer_has_no_code(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account("home").failed(Interface.LOGIN, Reason.TIMEOUT, None)

    assert not codes(scrape(registry))


def test_an_account_keeps_its_counters(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account("home").attempt(Interface.LOGIN)
    instruments.account("home").attempt(Interface.LOGIN)

    assert scrape(registry)[series("fusionsolar_api_requests_total", LOGIN)] == 2


def test_a_forgotten_account_has_no_series_and_gets_none_from_requests_in_flight(
    registry: CollectorRegistry, instruments: OwnInstruments
) -> None:
    account = instruments.account("home")
    account.failed(Interface.LOGIN, Reason.REJECTED, 20001)
    instruments.account("work").attempt(Interface.LOGIN)

    instruments.keep_only({"work", "never known"})
    account.attempt(Interface.LOGIN)
    account.answered(Interface.LOGIN, 1)
    account.failed(Interface.LOGIN, Reason.REJECTED, 20001)
    account.failed(Interface.LOGIN, Reason.REJECTED, 20002)
    account.attempt(Interface.GET_KPI_STATION_DAY)
    found = scrape(registry)

    assert {dict(labels).get("account", "work") for _, labels in found} == {"work"}
    assert found[series("fusionsolar_api_requests_total", {**LOGIN, "account": "work"})] == 1


def test_an_account_that_comes_back_starts_at_0(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account("home").attempt(Interface.LOGIN)
    instruments.keep_only(())
    instruments.account("home")

    assert scrape(registry)[series("fusionsolar_api_requests_total", LOGIN)] == 0


def test_undocumented_codes_end_at_50_an_interface(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    account = instruments.account("home")
    for code in sorted(FAIL_CODES):
        account.failed(Interface.LOGIN, Reason.REJECTED, code)
    for code in [*range(90_000, 90_060), 90_000, -1]:
        account.failed(Interface.LOGIN, Reason.REJECTED, code)
    account.failed(Interface.STATIONS, Reason.REJECTED, 90_059)

    found = scrape(registry)

    assert found[series(CODES, LOGIN, fail_code="90049")] == 1
    assert found[series(CODES, LOGIN, fail_code="90000")] == 2
    assert found[series(CODES, LOGIN, fail_code="other")] == 11
    assert found[series(CODES, LOGIN, fail_code="30034")] == 1
    assert found[series(CODES, HOME, interface="stations", fail_code="90059")] == 1
    assert len(named(found, CODES)) == len(FAIL_CODES) + 50 + 1 + 1


def test_reloads(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    successful = series("fusionsolar_config_last_reload_successful", {})
    moment = series("fusionsolar_config_last_reload_success_timestamp_seconds", {})

    instruments.config_reloaded(True, 1_700_000_000.0)
    found = scrape(registry)
    assert (found[successful], found[moment]) == (1, 1_700_000_000)

    instruments.config_reloaded(False, 1_700_000_100.0)
    found = scrape(registry)
    assert (found[successful], found[moment]) == (0, 1_700_000_000)


def test_build_info(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    del instruments
    labels = {"version": __version__, "python_version": platform.python_version()}

    assert scrape(registry)[series("fusionsolar_exporter_build_info", labels)] == 1


def test_an_accounts_name_is_a_label_like_any_other(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account('a"\n\ud800').attempt(Interface.LOGIN)

    labels = {"account": 'a"\n\ufffd', "interface": "login"}
    assert scrape(registry)[series("fusionsolar_api_requests_total", labels)] == 1


def test_types(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    instruments.account("home")

    types = {family.name: family.type for family in families(registry, openmetrics=True)}

    assert types["fusionsolar_api_requests"] == "counter"
    assert types["fusionsolar_api_request_duration_seconds"] == "histogram"
    assert types["fusionsolar_exporter_build_info"] == "gauge"


def test_that_state_is_kept_or_not_is_news_once(registry: CollectorRegistry, instruments: OwnInstruments) -> None:
    seen = [(instruments.state.working(works), value(registry)) for works in (True, True, False, False, True)]
    assert seen == [(True, 1.0), (False, 1.0), (True, 0.0), (False, 0.0), (True, 1.0)]


def value(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("fusionsolar_state_up")
