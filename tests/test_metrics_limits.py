"""What is left out on purpose: metrics that are not wanted, strings that are not fitted, and what exceeds a limit."""

import re

import pytest
from metrics_support import (
    PLANT,
    PLANT_LABELS,
    Exporter,
    device_labels,
    export_settings,
    named,
    series,
    snapshot,
    view,
)

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.cut_series import SeriesLimit
from fusionsolar_exporter.northbound.model import Device

INVERTER = Device("1", "Inverter", PLANT.code, 1)
VOLTS = "fusionsolar_device_pv_voltage_volts"
AMPERES = "fusionsolar_device_pv_current_amperes"


def inverter(values: dict[str, float]) -> Snapshot:
    return snapshot(devices=[INVERTER], device_values={INVERTER.id: values})


def cut(exporter: Exporter, limit: str, account: str = "home") -> float:
    return exporter.scrape()[series("fusionsolar_cut_series", {"account": account}, limit=limit)]


def strings(exporter: Exporter) -> set[tuple[str, str]]:
    found = exporter.scrape()
    return {(metric, dict(labels)["pv"]) for metric in (VOLTS, AMPERES) for labels in named(found, metric)}


def test_only_wanted_metrics() -> None:
    wanted = re.compile("fusionsolar_(plant_info|device_internal_temperature_.*)")
    settings = export_settings(exports=lambda name: wanted.fullmatch(name) is not None)
    content = inverter({"temperature": 1, "active_power": 1, "odd": 1})

    exporter = Exporter([view(content)], settings)

    assert {name for name, _ in exporter.scrape()} == {
        "fusionsolar_plant_info",
        "fusionsolar_device_internal_temperature_celsius",
    }


def test_unfitted_strings_are_exported_unless_told_otherwise() -> None:
    exporter = Exporter([view(inverter({"pv1_u": 0, "pv1_i": 0}))])

    assert strings(exporter) == {(VOLTS, "1"), (AMPERES, "1")}


def test_strings_that_were_always_0_are_dropped() -> None:
    values: dict[str, float] = {"pv1_u": 600, "pv1_i": 0, "pv2_u": 0, "pv2_i": 0, "pv3_u": 0, "pv3_i": -0.1}
    exporter = Exporter([view(inverter(values | {"temperature": 0}))], export_settings(drop_unfitted_strings=True))

    assert strings(exporter) == {(VOLTS, "1"), (AMPERES, "1"), (VOLTS, "3"), (AMPERES, "3")}
    assert named(exporter.scrape(), "fusionsolar_device_internal_temperature_celsius")


def test_a_fitted_string_stays_at_night_and_a_new_one_comes() -> None:
    settings = export_settings(drop_unfitted_strings=True)
    exporter = Exporter([view(inverter({"pv1_u": 600, "pv2_u": 0}))], settings)
    assert strings(exporter) == {(VOLTS, "1")}

    exporter.views = [view(inverter({"pv1_u": 0, "pv2_u": 0}))]
    assert strings(exporter) == {(VOLTS, "1")}
    exporter.views = [view(snapshot(devices=[INVERTER]))]
    assert strings(exporter) == set()
    exporter.exports.reconfigure(settings)
    exporter.views = [view(inverter({"pv1_u": 0, "pv2_u": 5}))]
    assert strings(exporter) == {(VOLTS, "1"), (VOLTS, "2")}


def test_strings_of_a_device_or_account_that_is_gone_are_forgotten() -> None:
    night = view(inverter({"pv1_u": 0}))
    exporter = Exporter([view(inverter({"pv1_u": 600}))], export_settings(drop_unfitted_strings=True))
    for between in ([view(snapshot())], []):
        exporter.views = [view(inverter({"pv1_u": 600}))]
        assert strings(exporter) == {(VOLTS, "1")}
        exporter.views = between
        assert strings(exporter) == set()
        exporter.views = [night]
        assert strings(exporter) == set()


def test_strings_of_another_device_or_account_do_not_count() -> None:
    other = Device("2", "Other", PLANT.code, 38)
    content = snapshot(devices=[INVERTER, other], device_values={"1": {"pv1_u": 600}, "2": {"pv1_u": 0}})
    exporter = Exporter(
        [view(content), view(inverter({"pv1_u": 0}), name="work")], export_settings(drop_unfitted_strings=True)
    )

    assert set(named(exporter.scrape(), VOLTS)) == {series("", device_labels(INVERTER, "string_inverter"), pv="1")[1]}


def test_unknown_keys_over_the_limit_are_cut_counted_and_told_once() -> None:
    exporter = Exporter([view(inverter({"a": 1, "b": 2, "c": 3, "d": 4}))], export_settings(unknown_keys=2))

    for _ in range(2):
        found = exporter.scrape()
        assert sorted(named(found, "fusionsolar_device_kpi").values()) == [1, 2]
    assert cut(exporter, "unknown_keys") == 2
    assert cut(exporter, "series_per_account") == 0
    assert exporter.cuts == [("home", SeriesLimit.UNKNOWN_KEYS, 2)]


def test_the_limit_of_unknown_keys_is_an_accounts_and_over_plants_and_devices() -> None:
    content = snapshot(
        devices=[INVERTER],
        plant_values={PLANT.code: {"a": 1}},
        device_values={INVERTER.id: {"a": 1, "b": 2, "c": 3}},
    )
    exporter = Exporter([view(content), view(content, name="work")], export_settings(unknown_keys=2))

    found = exporter.scrape()

    assert len(named(found, "fusionsolar_plant_kpi")) == 2
    assert len(named(found, "fusionsolar_device_kpi")) == 4
    assert exporter.cuts == [("home", SeriesLimit.UNKNOWN_KEYS, 1), ("work", SeriesLimit.UNKNOWN_KEYS, 1)]


def test_keys_let_through_stay_when_others_come_first() -> None:
    exporter = Exporter([view(inverter({"m": 1}))], export_settings(unknown_keys=1))
    exporter.scrape()
    exporter.views = [view(inverter({"a": 2, "m": 1}))]

    assert list(named(exporter.scrape(), "fusionsolar_device_kpi").values()) == [1]

    exporter.exports.reconfigure(export_settings(unknown_keys=2))
    assert sorted(named(exporter.scrape(), "fusionsolar_device_kpi").values()) == [1, 2]

    exporter.exports.reconfigure(export_settings(unknown_keys=0))
    assert not named(exporter.scrape(), "fusionsolar_device_kpi")


def test_keys_of_an_account_that_is_gone_are_forgotten() -> None:
    exporter = Exporter([view(inverter({"m": 1}))], export_settings(unknown_keys=1))
    exporter.scrape()
    exporter.views = []
    exporter.scrape()
    exporter.views = [view(inverter({"a": 2, "m": 1}))]

    assert list(named(exporter.scrape(), "fusionsolar_device_kpi").values()) == [2]


def test_a_cut_is_told_again_once_it_had_ended() -> None:
    few, many = view(inverter({"a": 1})), view(inverter({"a": 1, "b": 2}))
    exporter = Exporter([many], export_settings(unknown_keys=1))
    for views in ([many], [few], [many], [], [many]):
        exporter.views = views
        exporter.scrape()

    assert len(exporter.cuts) == 3


def test_unknown_keys_do_not_count_where_their_metric_is_not_wanted() -> None:
    settings = export_settings(exports=lambda name: not name.endswith("_kpi"), unknown_keys=0)
    content = snapshot(devices=[INVERTER], plant_values={PLANT.code: {"a": 1}}, device_values={INVERTER.id: {"b": 1}})
    exporter = Exporter([view(content)], settings)

    assert cut(exporter, "unknown_keys") == 0
    assert exporter.cuts == []


@pytest.mark.parametrize(("limit", "lost"), [(7, 0), (6, 1), (4, 3), (0, 7)])
def test_series_over_the_limit_are_cut_counted_and_told_once(limit: int, lost: int) -> None:
    content = inverter({"temperature": 1, "active_power": 1, "odd": 1})
    exporter = Exporter([view(content)], export_settings(series_per_account=limit))

    found = exporter.scrape()
    exporter.scrape()

    # plant info, active power of the plant, number of devices, device info, and the three values
    assert sum("account" in dict(labels) for _, labels in found) == limit + 2
    assert found[series("fusionsolar_cut_series", {"account": "home"}, limit="series_per_account")] == lost
    assert exporter.cuts == ([("home", SeriesLimit.SERIES_PER_ACCOUNT, lost)] if lost else [])


def test_plants_are_cut_last_and_unknown_keys_first() -> None:
    content = inverter({"temperature": 1, "active_power": 1, "odd": 1})
    exporter = Exporter([view(content)], export_settings(series_per_account=6))

    names = {name for name, _ in exporter.scrape()}

    assert "fusionsolar_device_kpi" not in names
    assert "fusionsolar_plant_info" in names


def test_one_accounts_series_leave_another_accounts_alone() -> None:
    big = snapshot(
        devices=[Device(str(number), "D", PLANT.code, 1) for number in range(50)],
        device_values={str(number): {"temperature": 1} for number in range(50)},
    )
    small = view(inverter({"temperature": 2}), name="work")
    exporter = Exporter([view(big), small, view(big, name="z")], export_settings(series_per_account=20))

    found = exporter.scrape()

    work = {**PLANT_LABELS, "account": "work"}
    labels = device_labels(INVERTER, "string_inverter", work)
    assert found[series("fusionsolar_device_internal_temperature_celsius", labels)] == 2
    assert found[series("fusionsolar_cut_series", {"account": "work"}, limit="series_per_account")] == 0
    for account in ("home", "z"):
        own = [name for name, labels in found if ("account", account) in labels]
        assert len(own) == 20 + 2
