"""Limits and filters hold for the rendered bytes too: cut, counted, and told once."""

import re
from dataclasses import replace

import pytest
from metrics_support import export_settings
from support.manual_clock import ManualClock
from support.rendered_site import Site
from test_rendering_renderer import ONE_DEVICE, ONE_PLANT

from fusionsolar_exporter.metrics.cut_series import SeriesLimit
from fusionsolar_exporter.northbound.model import Device

VALUES = {"temperature": 21.0, "pv1_u": 600.0, "pv2_u": 0.0, "odd": 1.0, "odder": 2.0}


def lines(site: Site, name: str = "fusionsolar_") -> list[str]:
    return [line for line in site.text().splitlines() if line.startswith(name)]


def cut(site: Site, limit: SeriesLimit) -> float:
    (line,) = [line for line in lines(site, "fusionsolar_cut_series{") if f'limit="{limit.value}"' in line]
    return float(line.rpartition(" ")[2])


@pytest.mark.parametrize("limit", [0, 1, 3, 5, 100])
def test_series_over_the_limit_are_cut_counted_and_told_once(limit: int) -> None:
    site = Site(ManualClock(), export_settings(series_per_account=limit))
    site.fleet(ONE_PLANT, ONE_DEVICE)
    for temperature in (21.0, 22.0):
        site.read({"1": VALUES | {"temperature": temperature}})
        site.renderer.refresh()
        assert site.text() == site.oracle()
    lost = max(6 - limit, 0)  # the five values and when they were fetched
    assert len(lines(site)) == 6 - lost + 2
    assert cut(site, SeriesLimit.SERIES_PER_ACCOUNT) == lost
    assert site.cuts == ([("home", SeriesLimit.SERIES_PER_ACCOUNT, lost)] if lost else [])


def test_unknown_keys_over_the_limit_are_counted_over_parts_that_did_not_change_too() -> None:
    site = Site(ManualClock(), export_settings(unknown_keys=1))
    devices = [Device(str(number), "Inverter", "p", 1) for number in range(150)]
    site.fleet(ONE_PLANT, devices)
    site.read({device.id: VALUES for device in devices})
    site.renderer.refresh()
    assert cut(site, SeriesLimit.UNKNOWN_KEYS) == 150
    site.read({"1": VALUES | {"odd": 5.0}})
    site.renderer.refresh()
    assert cut(site, SeriesLimit.UNKNOWN_KEYS) == 150
    assert site.text() == site.oracle()
    assert site.cuts == [("home", SeriesLimit.UNKNOWN_KEYS, 150)]
    site.read({"1": VALUES | {"odd": 5.0, "oddest": 6.0}})
    site.renderer.refresh()
    assert cut(site, SeriesLimit.UNKNOWN_KEYS) == 151


def test_unfitted_strings_have_no_series_until_they_carry_something() -> None:
    site = Site(ManualClock(), export_settings(drop_unfitted_strings=True))
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": VALUES})
    site.renderer.refresh()
    assert [re.findall('pv="(.*?)"', line) for line in lines(site, "fusionsolar_device_pv_")] == [["1"]]
    site.read({"1": VALUES | {"pv1_u": 0.0, "pv2_u": 5.0}})
    site.renderer.refresh()
    assert [re.findall('pv="(.*?)"', line) for line in lines(site, "fusionsolar_device_pv_")] == [["1"], ["2"]]


def test_metrics_that_are_not_wanted_are_not_there_nor_counted() -> None:
    site = Site(ManualClock(), export_settings(exports=lambda name: name.endswith("_celsius"), unknown_keys=0))
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": VALUES})
    site.renderer.refresh()
    assert len(lines(site)) == 1
    assert site.cuts == []


def test_settings_are_those_of_the_collector() -> None:
    site = Site(ManualClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": VALUES})
    site.renderer.refresh()
    for limit in (2, 100):
        site.exports.reconfigure(replace(export_settings(), series_per_account=limit))
        site.renderer.refresh()
        assert site.text() == site.oracle()
