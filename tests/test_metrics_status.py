"""What the accounts publish about themselves."""

from dataclasses import replace

import pytest
from metrics_support import CORRECTION, NOW, FixedClock, Series, families, named, scrape, series, status

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import AccountState, AccountStatus, CollectorName, CollectorStatus, InterfaceStatus
from fusionsolar_exporter.view import AccountView

HOME = {"account": "home"}
SWEEPS = CollectorStatus(CollectorName.ALARMS, True, True, 1800.0, NOW - 100, NOW + 200, 12.5, 3, {"NE=1": NOW})
NEW = CollectorStatus(CollectorName.PLANT_LIST, True, False, 3600.0, None, None, None, 1)
OFF = CollectorStatus(CollectorName.DEVICE_LIST, False, False, 3600.0, NOW, NOW, 1.0, 1)
SNAPSHOT = Snapshot(
    entries={CollectorName.ALARMS: 4, CollectorName.DEVICE_LIST: 5},
    expired={CollectorName.ALARMS: 2, CollectorName.DEVICE_LIST: 5},
)


def collector(*statuses: AccountStatus) -> StatusCollector:
    views = [AccountView(status.account, SNAPSHOT, status, ScaleOverrides()) for status in statuses]
    return StatusCollector(lambda: views, FixedClock())


def scrape_status(*statuses: AccountStatus) -> dict[Series, float]:
    return scrape(collector(*statuses))


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("state", AccountState)
def test_up_and_state(state: AccountState, up: bool) -> None:
    found = scrape_status(replace(status(), state=state, up=up))

    assert found[series("fusionsolar_up", HOME)] == up
    assert named(found, "fusionsolar_account_state") == {series("", HOME, state=state.value)[1]: 1}


def test_clock_offset_only_where_known() -> None:
    ours = replace(status(), clock_offset_seconds=-2.5)

    assert scrape_status(ours)[series("fusionsolar_api_clock_offset_seconds", HOME)] == -2.5
    assert not named(scrape_status(status()), "fusionsolar_api_clock_offset_seconds")


def test_collectors() -> None:
    found = scrape_status(replace(status(), collectors=(SWEEPS, NEW, OFF)))

    def of(name: str) -> dict[str, float]:
        return {dict(labels)["collector"]: value for labels, value in named(found, f"fusionsolar_{name}").items()}

    assert of("collector_enabled") == {"alarms": 1, "plant_list": 1, "device_list": 0}
    assert of("collector_success") == {"alarms": 1, "plant_list": 0}
    assert of("collector_interval_seconds") == {"alarms": 1800, "plant_list": 3600}
    assert of("collector_last_success_timestamp_seconds") == {"alarms": NOW - 100 + CORRECTION}
    assert of("collector_next_sweep_timestamp_seconds") == {"alarms": NOW + 200 + CORRECTION}
    assert of("collector_last_sweep_duration_seconds") == {"alarms": 12.5}
    assert of("collector_left_out") == {"alarms": 1, "plant_list": 0}
    assert of("cache_entries") == {"alarms": 4, "plant_list": 0}
    assert of("cache_expired_total") == {"alarms": 2, "plant_list": 0}


def test_quotas() -> None:
    window = 303.0
    calls = (NOW - 400, NOW - 303, NOW - 302.9, NOW - 1, NOW)
    interfaces = (
        InterfaceStatus("getDevRealKpi", 20, window, calls, NOW + 30, None, ""),
        InterfaceStatus("logout", 0, 603.0, (), None, NOW + 5, "why"),
    )
    found = scrape_status(replace(status(), interfaces=interfaces))

    labels = {"account": "home", "interface": "getDevRealKpi"}
    assert found[series("fusionsolar_api_quota_calls", labels)] == 20
    assert found[series("fusionsolar_api_quota_used_calls", labels)] == 3
    assert found[series("fusionsolar_api_quota_window_seconds", labels)] == 303
    logout = {"account": "home", "interface": "logout"}
    assert found[series("fusionsolar_api_quota_calls", logout)] == 0
    assert found[series("fusionsolar_api_quota_used_calls", logout)] == 0
    assert named(found, "fusionsolar_api_next_request_timestamp_seconds") == {
        series("", labels)[1]: NOW + 30 + CORRECTION
    }


def test_expiry_is_a_counter() -> None:
    metrics = families(collector(replace(status(), collectors=(SWEEPS,))), openmetrics=True)

    types = {metric.name: metric.type for metric in metrics}
    assert types["fusionsolar_cache_expired"] == "counter"
    assert set(types.values()) == {"gauge", "counter"}


def test_several_accounts() -> None:
    found = scrape_status(status(), status("wo\ud800rk"))

    assert {dict(labels)["account"] for labels in named(found, "fusionsolar_up")} == {"home", "wo\ufffdrk"}


def test_without_accounts_there_is_nothing() -> None:
    assert scrape_status() == {}
