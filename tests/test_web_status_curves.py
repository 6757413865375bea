"""The curves of the last day, and how they are drawn."""

import math
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_support import NOW, WALL_AHEAD, FixedClock, account

from fusionsolar_exporter.power_curves import BUCKET_SECONDS, POINTS, PowerCurves, PowerPoint
from fusionsolar_exporter.web.status.day_chart import HEIGHT, day_chart
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.web.status.quantities import energy, power, share
from fusionsolar_exporter.web.status.query import PLANTS_OF_A_PAGE

START = 1_700_000_000.0 // BUCKET_SECONDS * BUCKET_SECONDS


def test_a_curve_holds_the_last_day_and_gaps_stay_gaps() -> None:
    curves = PowerCurves()
    for number in range(200):
        if number != 150:
            curves.record(START + number * BUCKET_SECONDS, {"a": float(number), "b": None})
    now = START + 199 * BUCKET_SECONDS
    curve = curves.curve(now, "a")
    assert len(curve) == POINTS
    assert curve == [None if number == 150 else number for number in range(200 - POINTS, 200)]
    assert curves.curve(now, "b") == [None] * POINTS
    assert curves.curve(now, "c") == ()
    assert curves.total(now) == curve


def test_the_newest_value_of_a_point_counts_and_time_goes_on_without_values() -> None:
    curves = PowerCurves()
    curves.record(START, {"a": 1.0, "b": 10.0})
    curves.record(START + 1, {"a": 2.0, "b": 10.0})
    assert curves.curve(START + 1, "a")[-1] == 2.0
    assert curves.total(START + 1)[-1] == 12.0
    later = curves.curve(START + 3 * BUCKET_SECONDS, "a")
    assert later[-4:] == [2.0, None, None, None]
    assert curves.curve(START + POINTS * BUCKET_SECONDS, "a") == [None] * POINTS


def test_a_plant_that_is_gone_is_forgotten() -> None:
    curves = PowerCurves()
    curves.record(START, {"a": 1.0, "b": 1.0})
    curves.record(START + BUCKET_SECONDS, {"a": 1.0})
    assert curves.curve(START, "b") == ()


def test_what_was_kept_fills_gaps_alone() -> None:
    curves = PowerCurves()
    bucket = int(START // BUCKET_SECONDS)
    curves.record(START, {"a": 5.0})
    for place, watts in ((0, 1.0), (-1, 2.0), (-POINTS, 3.0), (1, 4.0)):
        curves.restore(PowerPoint(bucket + place, {"a": watts, "b": 1.0}), START)
    assert curves.curve(START, "a")[-2:] == [2.0, 5.0]
    assert curves.curve(START, "b")[-2:] == [1.0, 1.0]
    assert curves.total(START)[-2:] == [3.0, 6.0]
    assert sum(value is not None for value in curves.total(START)) == 2


def test_finished_points_are_kept_once_and_again_where_they_got_lost() -> None:
    curves = PowerCurves()
    for number in range(POINTS + 10):
        curves.record(START + number * BUCKET_SECONDS, {"a": float(number), "b": None})
    points = curves.unkept()
    assert [point.watts for point in points] == [{"a": float(number)} for number in range(10, POINTS + 9)]
    curves.kept(points)
    assert curves.unkept() == []
    curves.keep_again()
    assert list(curves.unkept()) == list(points)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 4e9), st.floats(width=32, allow_nan=False, allow_infinity=False))))
def test_any_clock_leaves_curves_of_one_length(steps: list[tuple[float, float]]) -> None:
    curves = PowerCurves()
    for moment, watts in steps:
        curves.record(moment, {"a": watts})
        assert len(curves.curve(moment, "a")) in {0, POINTS}
        assert all(value is None or math.isfinite(value) for value in curves.total(moment))


def test_a_chart_is_as_wide_as_its_box_and_says_what_it_shows() -> None:
    chart = day_chart([None, 0.0, 2000.0, None, 1000.0, 500.0])
    assert "at most 2 kW, at the end 500 W" in chart
    assert 'viewBox="0 -10 5 340"' in chart
    (path,) = re.findall(r'd="(M[^"]*)" class="curve"', chart)
    runs = [re.findall(r"(\d+) (\S+?)(?=L|$)", run) for run in path.split("M")[1:]]
    assert [[int(x) for x, _ in run] for run in runs] == [[1, 2], [4, 5]]
    assert [[float(y) for _, y in run] for run in runs] == [[HEIGHT, 0.0], [HEIGHT / 2, HEIGHT * 3 / 4]]


@pytest.mark.parametrize("points", [[], [None, None], [1.0]])
def test_what_has_no_two_points_has_no_chart(points: list[float | None]) -> None:
    assert day_chart(points) == ""


def test_quantities() -> None:
    assert [power(value) for value in (None, 0.0, 999.0, 1234.0, -4100.0, 1.5e6, 2e9)] == [
        "-",
        "0 W",
        "999 W",
        "1.23 kW",
        "-4.1 kW",
        "1.5 MW",
        "2 GW",
    ]
    assert energy(12345.0) == "12.3 kWh"
    assert (share(5.0, 10.0), share(None, 10.0), share(1.0, 0.0), share(1.0, None)) == ("50%", "-", "-", "-")


def test_a_chart_is_drawn_once_for_as_long_as_its_curve_stays() -> None:
    clock, view = FixedClock(), account()
    overview = PlantOverview(clock)
    for number in range(3):
        view.power_curves.record(clock.wall(clock.now()) - 600 * (2 - number), {"NE=000": 1000.0 * number})
    first = overview.charts([view]).of_plant("default", "NE=000")
    assert "at most 2 kW" in first
    assert overview.charts([view]).of_plant("default", "NE=000") is first
    view.power_curves.record(clock.wall(clock.now()), {"NE=000": 3000.0})
    assert "at most 3 kW" in overview.charts([view]).of_plant("default", "NE=000")


def test_charts_of_the_first_page_and_those_that_were_seen_are_drawn_when_a_point_comes() -> None:
    overview, view = PlantOverview(FixedClock()), account(plants=[f"Roof {number:03}" for number in range(102)])
    codes = sorted(view.snapshot.plants)
    for number in range(3):
        view.power_curves.record(NOW + WALL_AHEAD - 600 * (3 - number), dict.fromkeys(codes, 1000.0))
    drawn: list[str] = []
    curve = view.power_curves.curve

    def noted(moment: float, code: str) -> Sequence[float | None]:
        drawn.append(code)
        return curve(moment, code)

    def what_a_point_draws() -> list[str]:
        drawn.clear()
        view.power_curves.recorded_at = 0.0
        overview.note(view)
        return sorted(drawn)

    view.power_curves.curve = noted  # type: ignore[method-assign]
    overview.note(view)  # there are charts from before the start, and they are drawn though no point comes
    assert len(drawn) == PLANTS_OF_A_PAGE
    of_plant = overview.charts([view]).of_plant
    others = [code for code in codes if code not in drawn]
    drawn.clear()
    assert all(of_plant("default", code) for code in codes)
    assert drawn == others
    assert what_a_point_draws() == codes
    assert what_a_point_draws() == [code for code in codes if code not in others]  # nobody has looked since
