"""Factors for plants and devices by regular expression."""

import re

import pytest
from metrics_support import PLANT, Exporter, named, snapshot, view

from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.scales import NO_SCALES, ScaleOverride, ScaleOverrides

METER = Device("7", "Meter-1", PLANT.code, 17, "SN7")
OTHER = Device("8", "Meter-2", "NE=2", 17, "SN8")
DEPOT = Plant("NE=2", "Depot North")
KEY = "active_power"


def patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, texts))


@pytest.mark.parametrize(
    ("plants", "devices", "fits"),
    [
        ((), (), True),
        (("Depot .*",), (), True),
        (("NE=2",), (), True),
        (("Depot",), (), False),
        ((), ("8",), True),
        ((), ("Meter-2",), True),
        ((), ("SN.", "x"), True),
        ((), ("Meter",), False),
        (("Depot .*",), ("Meter-1",), False),
        (("Roof",), ("Meter-2",), False),
    ],
)
def test_whole_texts_are_matched(plants: tuple[str, ...], devices: tuple[str, ...], fits: bool) -> None:
    override = ScaleOverride(17, KEY, -1.0, patterns(*plants), patterns(*devices))

    assert override.fits(DEPOT, OTHER) is fits
    assert ScaleOverrides([override]).of(DEPOT, OTHER).by_key == ({KEY: -1.0} if fits else {})


def test_the_first_that_fits_counts() -> None:
    overrides = ScaleOverrides(
        [ScaleOverride(17, KEY, -1.0, patterns("Depot .*")), ScaleOverride(17, KEY, 1.0), ScaleOverride(47, KEY, 2.0)]
    )

    assert overrides.of(DEPOT, OTHER).by_key == {KEY: -1.0}
    assert overrides.of(PLANT, METER).by_key == {KEY: 1.0}
    assert overrides.of(None, METER).by_key == {KEY: 1.0}
    assert overrides.of_type(17) is None
    assert overrides.of_type(47) == overrides.of(PLANT, Device("9", "", PLANT.code, 47))
    assert overrides.of_type(1) is NO_SCALES
    assert overrides == ScaleOverrides(overrides._overrides)
    assert hash(overrides) == hash(ScaleOverrides(overrides._overrides))
    assert overrides != ScaleOverrides()


def test_samples_of_each_device_have_its_own_factor() -> None:
    inverter = Device("1", "Inverter", "NE=2", 38)
    content = snapshot(
        plants=[PLANT, DEPOT],
        devices=[METER, OTHER, inverter],
        device_values={"7": {KEY: 2.0}, "8": {KEY: 2.0, "odd": 3.0}, "1": {KEY: 5.0}},
    )
    turned = [
        ScaleOverride(17, KEY, -1.0, patterns("Depot .*")),
        ScaleOverride(17, "odd", 10.0, (), patterns("SN8")),
        ScaleOverride(38, KEY, 1.0, patterns("NE=2")),
    ]

    found = Exporter([view(content, specific_overrides=turned)]).scrape()

    powers = {
        dict(labels)["device_id"]: value
        for labels, value in named(found, "fusionsolar_device_active_power_watts").items()
    }
    assert powers == {"7": 2000.0, "8": -2.0, "1": 5.0}
    assert list(named(found, "fusionsolar_device_kpi").values()) == [30.0]
    plants = {
        dict(labels)["plant"]: value for labels, value in named(found, "fusionsolar_plant_active_power_watts").items()
    }
    assert plants == {"Depot North": 5.0}
