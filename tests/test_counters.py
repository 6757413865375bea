"""Energy counters: registers that dip, fall and begin anew, against the energy that there truly was."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.counters.counted import DEVICE_KEYS, PLANT_KEYS
from fusionsolar_exporter.counters.energy_counters import Answered, Counted, EnergyCounters
from fusionsolar_exporter.counters.local_time import utc_offset
from fusionsolar_exporter.counters.registers import DayRegister, LifetimeRegister
from fusionsolar_exporter.northbound.model import Plant

KEY, DAY_KEY = "total_power", "day_use_energy"
NOON = 1_700_049_600.0  # 2023-11-15 12:00 UTC
HOUR, DAY = 3600.0, 86400.0


def answered(at: float, utc_offset: float = 0.0) -> Answered:
    return Answered(at, utc_offset)


def always(scale: float) -> Callable[[str], float]:
    return lambda _: scale


def counted(
    values: Iterable[float | None], *, key: str = KEY, scale: float = 1000.0, step: float = 300.0
) -> list[float]:
    """The totals after each answer, five minutes apart; None is an answer without the key."""
    counters = EnergyCounters()
    totals = []
    for number, value in enumerate(values):
        some = {} if value is None else {key: value}
        found = counters.count("NE=1", PLANT_KEYS, some, lambda _: scale, answered(NOON + number * step))
        totals.append(found.totals.get(key, -1.0))
    return totals


@pytest.mark.parametrize(
    ("values", "totals"),
    [
        ([30013.0, 30013.5, 30014.0], [30013e3, 30013.5e3, 30014e3]),
        ([30013.0, 30012.9, 30012.9, 30012.9, 30012.9, 30013.2], [30013e3] * 5 + [30013.2e3]),
        ([100.0, 99.0, 100.0, 101.0], [100e3, 100e3, 100e3, 101e3]),
        ([100.0, 0.0, 0.0, 100.5], [100e3, 100e3, 100e3, 100.5e3]),
        ([100.0, 3.0, 3.0, 3.0, 4.0], [100e3, 100e3, 100e3, 100e3, 101e3]),
        ([100.0, 3.0, 3.5, 4.0, 4.5, 5.0], [100e3, 100e3, 100e3, 100e3, 100.5e3, 101e3]),
        ([100.0, 3.0, 3.0, 100.0, 3.0, 3.0, 3.0, 4.0], [100e3] * 7 + [101e3]),
        ([100.0, 3.0, 3.0, 100.0, 3.0, 3.0, 4.0], [100e3] * 7),
        ([100.0, 0.0, 0.0, 0.0, 0.0, 100.2], [100e3] * 5 + [100.2e3]),
        ([100.0, 0.0, 0.0, 0.0, 99.5, 100.2], [100e3] * 5 + [100.2e3]),
        ([100.0, 0.0, 0.0, 0.0, 1.0, 2.0], [100e3] * 4 + [101e3, 102e3]),
        ([100.0, 50.0, 50.0, 50.0, 100.0], [100e3] * 4 + [150e3]),  # half of it is a register of its own
        ([100.0, 3.0, 3.0, 3.0, 1.0, 1.0, 4.0], [100e3] * 6 + [101e3]),  # what replaced it is believed as long
        ([0.0, 1.0, None, 2.0], [0.0, 1e3, 1e3, 2e3]),
        ([-100.0, -101.0, -100.5, -102.0], [100e3, 101e3, 101e3, 102e3]),
        ([0.0, -1.0, -3.0], [0.0, 1e3, 3e3]),
        ([100.0, -99999999.0, 101.0], [100e3, 100e3, 101e3]),
    ],
)
def test_lifetime_registers(values: Sequence[float | None], totals: Sequence[float]) -> None:
    assert counted(values) == pytest.approx(totals)


@pytest.mark.parametrize(
    ("values", "totals"),
    [
        ([5.0, 6.0, 6.5], [0.0, 1e3, 1.5e3]),
        ([5.0, 6.0, 5.9, 5.8, 6.0, 6.2], [0.0, 1e3, 1e3, 1e3, 1e3, 1.2e3]),
        ([6.0, 0.0, 0.4, 1.0], [0.0, 0.0, 0.4e3, 1e3]),
        ([6.0, 6.0, 6.0, 0.4, 1.0], [0.0, 0.0, 0.0, 0.4e3, 1e3]),
        ([6.0, 3.0, 6.0, 2.9, 3.5], [0.0, 0.0, 0.0, 2.9e3, 3.5e3]),
        ([-5.0, -6.0, -0.5], [0.0, 1e3, 1.5e3]),
    ],
)
def test_day_registers(values: Sequence[float], totals: Sequence[float]) -> None:
    assert counted(values, key=DAY_KEY) == pytest.approx(totals)


@pytest.mark.parametrize("scale", [-1000.0, 1000.0])
def test_an_override_that_turns_the_sign_turns_no_energy_around(scale: float) -> None:
    assert counted([5.0, 6.0], scale=scale) == counted([-5.0, -6.0], scale=scale) == [5000.0, 6000.0]
    assert counted([5.0, 6.0, 0.1], key=DAY_KEY, scale=scale) == pytest.approx([0.0, 1000.0, 1100.0])


def test_another_scale_from_now_on_takes_nothing_back() -> None:
    counters = EnergyCounters()
    for at, value, scale in ((0, 30.0, 1000.0), (1, 31.0, 1.0), (2, 33.0, 1.0)):
        found = counters.count("1", PLANT_KEYS, {KEY: value, DAY_KEY: value}, always(scale), answered(NOON + at))

    assert found.totals == {KEY: 30003.0, DAY_KEY: 3.0}


@pytest.mark.parametrize(
    ("hours", "offset", "value", "total"),
    [
        (20, 0, 4.5, 4.5),  # over midnight
        (20, 0, 9.0, 9.0),
        (20, 0, 4.0, 0.0),  # what still stands there is yesterday's
        (8, 0, 4.5, 0.5),  # 20:00 of the same day
        (8, 6, 4.5, 4.5),  # 02:00 in the plant's own time
        (20, -12, 4.5, 0.5),  # 20:00 there
        (20, 0, 1.0, 1.0),
        (6, 7, 4.5, 0.5),  # 01:00 there, and whoever answers every six hours has a pause at no midnight
        (6.1, 7, 4.5, 4.5),
    ],
)
def test_a_midnight_that_nobody_saw(hours: float, offset: float, value: float, total: float) -> None:
    counters = EnergyCounters()
    for at, some in ((NOON, 4.0), (NOON + hours * HOUR, value)):
        found = counters.count("1", PLANT_KEYS, {DAY_KEY: some}, lambda _: 1.0, answered(at, offset * HOUR))

    assert found.totals == {DAY_KEY: pytest.approx(total)}


def test_answers_without_the_key_are_answers() -> None:
    counters = EnergyCounters()
    counters.count("1", PLANT_KEYS, {DAY_KEY: 4.0}, lambda _: 1.0, answered(NOON))
    for number in range(1, 240):
        counters.count("1", PLANT_KEYS, {}, lambda _: 1.0, answered(NOON + number * 300))
    found = counters.count("1", PLANT_KEYS, {DAY_KEY: 4.5}, lambda _: 1.0, answered(NOON + 72000))

    assert found.totals == {DAY_KEY: pytest.approx(0.5)}


@pytest.mark.parametrize("key", [KEY, DAY_KEY])
def test_no_value_makes_a_total_infinite(key: str) -> None:
    totals = counted([1000.0, 1e308, 1001.0, 1e308, 1002.0], key=key)
    assert all(map(math.isfinite, totals))
    assert totals[-1] - totals[0] == pytest.approx(2000)
    assert counted([1e308, 5.0, 6.0], key=key)[-1] < 1e9


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 100.0]), min_size=2), st.sampled_from([KEY, DAY_KEY]))
def test_no_counter_ever_falls(values: list[float], key: str) -> None:
    totals = counted(values, key=key, step=3000.0)

    assert all(later >= earlier for earlier, later in pairwise(totals))
    assert totals[0] >= 0


def days_of_a_home(seed: int, days: int) -> tuple[list[tuple[float, float | None, float | None]], float]:
    """Moments, lifetime and day values as real servers show them, in kWh; and the true energy."""
    random = Random(seed)
    lifetime, rows, true = 30013.0, [], 0.0
    shown_day = 7.5
    for day in range(days):
        today = 0.0
        for slot in range(288):
            at = NOON - 12 * HOUR + day * DAY + slot * 300
            sunny = 72 <= slot < 240
            if sunny:
                gained = random.choice([0.0, 0.1, 0.2])
                lifetime, today, true = lifetime + gained, today + gained, true + gained
                shown_day = today
            shown = lifetime
            if slot in {0, 1, 286}:
                shown -= 0.1
            elif slot == 240:
                shown = 0.0
            elif slot in range(245, 260):
                shown -= 0.3
            night = slot >= 262 or 2 < slot < 70
            evening = 0.2 if 240 <= slot < 262 else 0.0
            rows.append((at, None if night else round(shown, 2), None if night else round(shown_day - evening, 2)))
    return rows, true


@pytest.mark.parametrize("seed", range(5))
def test_days_as_real_servers_show_them(seed: int) -> None:
    rows, true = days_of_a_home(seed, 10)
    counters = EnergyCounters()
    kept: dict[str, Counted] = {}
    first = None
    for number, (at, lifetime, day) in enumerate(rows):
        if number % 57 == 0:  # a restart, or another replica
            counters = EnergyCounters()
            for key, some in kept.items():
                counters.take_over(key, some)
        values = {name: value for name, value in ((KEY, lifetime), (DAY_KEY, day)) if value is not None}
        found = counters.count("1", PLANT_KEYS, values, lambda _: 1000.0, answered(at))
        kept = {"1": found}
        first = first or found.totals.get(KEY)

    assert first is not None
    assert isclose(found.totals[KEY] - first, true * 1000, rel_tol=1e-3)
    assert isclose(found.totals[DAY_KEY], true * 1000, rel_tol=1e-3)


def test_what_is_counted_of_which_devices() -> None:
    meter = {"active_cap": LifetimeRegister, "reverse_active_cap": LifetimeRegister}
    storage = {"charge_cap": DayRegister, "discharge_cap": DayRegister}
    inverter = {"total_cap": LifetimeRegister}
    assert {1: inverter, 38: inverter, 17: meter, 47: meter, 23070: meter, 39: storage, 41: storage} == DEVICE_KEYS


def test_the_newer_registers_and_the_higher_totals_are_taken_over() -> None:
    mine = Counted(10.0, {KEY: LifetimeRegister(500.0, 5.0, 1), DAY_KEY: DayRegister(1.0, 1.0, 1.0, 1)})
    theirs = Counted(20.0, {KEY: LifetimeRegister(400.0, 6.0, 1)})

    for first, second in ((mine, theirs), (theirs, mine)):
        counters = EnergyCounters()
        assert counters.take_over("1", first) == first
        taken = counters.take_over("1", second)

        assert taken == Counted(20.0, {KEY: LifetimeRegister(500.0, 6.0, 1), DAY_KEY: DayRegister(1.0, 1.0, 1.0, 1)})
        assert counters.of(["1", "2"]) == {"1": taken}
        assert counters.get("2") is None


def test_of_two_as_new_the_own_registers_stay() -> None:
    counters = EnergyCounters()
    mine, theirs = (Counted(10.0, {KEY: LifetimeRegister(total, total, 1)}) for total in (5.0, 4.0))
    counters.take_over("1", mine)
    assert counters.take_over("1", theirs) == mine


def test_a_register_that_nobody_else_knows_is_taken_as_it_is() -> None:
    counters = EnergyCounters()
    counters.take_over("1", Counted(10.0, {}))
    assert counters.take_over("1", Counted(20.0, {DAY_KEY: (day := DayRegister(0.0, 1.0, 1.0, 1))})).registers == {
        DAY_KEY: day
    }


@pytest.mark.parametrize(
    ("date", "longitude", "hours"),
    [
        ("2022-11-21T16:23:00+08:00", 13.4, 8),
        ("2022-11-21T16:23:00-0330", 13.4, -3.5),
        ("2022-11-21", 13.4, 1),
        ("", -70.0, -5),
        ("", None, 0),
    ],
)
def test_the_clock_of_a_plant(date: str, longitude: float | None, hours: float) -> None:
    assert utc_offset(Plant("1", "", longitude=longitude, grid_connection_date=date)) == hours * HOUR
    assert utc_offset(None) == 0
