"""The rules over simulated days: silence at dawn and dusk at three latitudes, and every kind of fault found."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from alert_tools.faults import KINDS, inject
from alert_tools.figure import main
from alert_tools.twilight import LATITUDES, places, twilight

from fusionsolar_exporter.simulator.local_year import DAY_SECONDS, day_start

pytestmark = pytest.mark.no_cover  # the tracer would double their time

SEASONS = {
    "spring": date(2025, 3, 19),
    "summer": date(2025, 6, 20),
    "autumn": date(2025, 9, 21),
    "winter": date(2025, 12, 20),
}


@pytest.mark.parametrize(
    "first",
    [pytest.param(day, id=name, marks=pytest.mark.slow if name != "winter" else ()) for name, day in SEASONS.items()],
)
def test_no_alert_at_dawn_and_dusk_on_four_days_of_each_season(first: date, tmp_path: Path) -> None:
    sites = places(first)
    assert {site.latitude for site in sites} == {*LATITUDES} == {0.0, 48.0, 65.0}
    for number in range(4):
        fired = twilight(first + timedelta(days=number), sites, tmp_path, quirks=bool(number % 2))

        assert fired == []


def test_an_inverter_expected_awake_too_early_would_be_noticed(tmp_path: Path) -> None:
    day = SEASONS["summer"]

    fired = twilight(day, places(day), tmp_path, quirks=True, thresholds={"daylight_elevation_degrees": -2})

    assert "FusionSolarInverterCommunicationInterrupted" in {alert.name for alert in fired}


def test_strings_that_fade_at_dusk_alone_would_be_noticed(tmp_path: Path) -> None:
    day = SEASONS["summer"]

    fired = twilight(day, places(day), tmp_path, quirks=False, thresholds={"string_sibling_amperes": -1})

    assert {alert.name for alert in fired} == {"FusionSolarStringWithoutCurrent"}
    assert len({alert.labels["plant"] for alert in fired}) > len(LATITUDES)


def test_every_kind_of_fault_is_found_within_for_and_two_refreshes(tmp_path: Path) -> None:
    noon = day_start(date(2025, 6, 1), 0) + DAY_SECONDS / 2

    outcomes, false = inject(noon, 1, tmp_path, quirks=True)

    assert [outcome.alert for outcome in outcomes] == [kind.alert for kind in KINDS]
    assert len(KINDS) == 10
    assert [outcome for outcome in outcomes if outcome.found is None or outcome.found > outcome.allowed] == []
    assert [outcome for outcome in outcomes if not outcome.resolved] == []
    assert false == []


@pytest.mark.slow
def test_the_command_of_the_year_says_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--first", "2025-06-21", "--days", "1", "--faults", "0"])

    told = capsys.readouterr().out.splitlines()
    assert status == 0
    assert told[0] == "1 days without faults, 5 plants at 0, 48 and 65 degrees of latitude: 0 alerts"
    assert told[1].startswith("0 faults: 0 found")
    assert len(told) == 2 + len(KINDS)
