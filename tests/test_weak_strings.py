"""Weak strings: nobody accused in years of sun, snow and limits, losses found; by a model that the rules bear out."""

from pathlib import Path
from random import Random

import pytest
from alert_tools.promtool import evaluate
from alert_tools.recording import Recording
from alert_tools.string_years import EAST, SOUTH, SOUTH_WEST, WEST, Loss, Roof, Year
from alert_tools.weak_string_model import Accused, accusations

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

QUARTER = 6 * 3600
FOR = 7  # hours that the rule has to hold
ROOFS = {"one": (SOUTH,) * 5, "two": (EAST,) * 3 + (WEST,) * 3, "near": (SOUTH,) * 2 + (SOUTH_WEST,) * 3}
LATITUDES = (0.0, 48.0, 65.0)


def by_rules(year: Year, directory: Path) -> list[tuple[int, int, int]]:
    """String, first and last quarter in which the rules call it weak."""
    recording = Recording(QUARTER)
    name = "fusionsolar:pv_string_quarter_energy:kilowatthours"
    energies = year.energies()
    for quarter in range(len(energies[0])):
        recording.begin_scrape()
        for string, values in enumerate(energies):
            recording.add(name, {"account": "a", "device_id": "1", "pv": str(string)}, values[quarter])
    window = f"(timestamp(fusionsolar:pv_string_weak:ratio)[{year.days}d:{QUARTER}s])"
    queries = [f"min_over_time{window}", f"max_over_time{window}"]
    first, last = evaluate(recording, 0.0, directory, queries, for_alerts=True, thresholds={})
    return [(int(dict(labels)["pv"]), int(first[labels] // QUARTER), int(last[labels] // QUARTER)) for labels in first]


def by_model(found: list[Accused]) -> list[tuple[int, int, int]]:
    """The same; the model leaves out the first quarter, before which there was none."""
    quarters = {one.string: [each.quarter for each in found if each.string == one.string] for one in found}
    return [(string, min(some) - 1, max(some)) for string, some in quarters.items()]


@pytest.mark.parametrize(
    "year",
    [
        Year(48.0, ROOFS["two"], 1, loss=Loss(1, 80, 0.15), days=95),
        Year(48.0, ROOFS["one"], 2, snow=True, limits=True, loss=Loss(3, 100, 0.15), days=112),
        Year(0.0, ROOFS["near"], 3, limits=True, loss=Loss(0, 75, 0.2), days=88),
        Year(65.0, ROOFS["two"], 4, snow=True, days=90),
    ],
    ids=["east-west", "snow", "two roofs", "none"],
)
def test_the_model_is_what_the_rules_say(year: Year, tmp_path: Path) -> None:
    found = by_model(list(accusations(year.energies())))

    assert by_rules(year, tmp_path) == found
    assert bool(found) == bool(year.loss)


@pytest.mark.parametrize("latitude", LATITUDES)
@pytest.mark.parametrize("roofs", ROOFS.values(), ids=ROOFS)
def test_nobody_is_accused_in_a_year(latitude: float, roofs: tuple[Roof, ...]) -> None:
    for seed in range(4):
        year = Year(latitude, roofs, seed, snow=bool(seed % 2), limits=seed > 1)

        assert list(accusations(year.energies())) == []


def test_a_loss_is_found_within_eight_days() -> None:
    random, found = Random(1), 0
    for case in range(100):
        roofs = random.choice(list(ROOFS.values()))
        latitude = random.choice(LATITUDES)
        # under a sun: where it stays below the horizon nothing can be found
        day = random.randint(100, 240) if latitude > 60 else random.randint(70, 365)
        lost = Loss(random.randrange(len(roofs)), day, 0.15)
        year = Year(latitude, roofs, case, random.random() < 0.5, random.random() < 0.5, lost, day + 9)
        accused = list(accusations(year.energies()))
        assert {one.string for one in accused} <= {lost.string}
        found += any((6 * one.quarter + FOR) / 24 <= day + 8 for one in accused)

    assert found >= 95
