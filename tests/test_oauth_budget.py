"""A day's budget of an owner: slow nights that pay for fast days, and what the far side allows where that is less."""

from pathlib import Path

import pytest
from support.oauth_world import DAY, HOUR, OAuthWorld

from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import CollectorName

TYPES = {1: 1, 10: 1, 17: 1, 39: 1, 47: 1}


def interval(world: OAuthWorld) -> float:
    (told,) = [each for each in world.account.status().collectors if each.collector is CollectorName.DEVICE_REALTIME]
    return told.interval_seconds


def requests_within(world: OAuthWorld, begin: float, end: float) -> int:
    return sum(begin <= request.at < end for request in world.system.log.requests)


@pytest.mark.slow
@pytest.mark.no_cover
def test_nights_are_a_third_as_fast_and_the_days_have_what_they_save(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, FleetPlan(plants=1, devices=TYPES), oauth={"daily_calls": 300})
    hours: list[tuple[bool, float, int]] = []
    for _ in range(48):
        begin = world.clock.now()
        awake = world.account._engine._schedule._daylight.awake
        world.run(HOUR)
        same = awake is world.account._engine._schedule._daylight.awake
        if same:
            hours.append((awake, interval(world), requests_within(world, begin, world.clock.now())))
    first_day = max(each for awake, each, _ in hours[:12] if awake)
    later = hours[24:]
    by_day = max(each for awake, each, _ in later if awake)
    by_night = min(each for awake, each, _ in later if not awake)
    assert by_night == pytest.approx(3 * by_day, rel=0.05)
    assert by_day < 0.9 * first_day
    calls_by_day = [calls for awake, _, calls in later if awake]
    calls_by_night = [calls for awake, _, calls in later if not awake]
    assert sum(calls_by_night) / len(calls_by_night) == pytest.approx(
        sum(calls_by_day) / len(calls_by_day) / 3, rel=0.25
    )
    assert 0.8 * 300 < requests_within(world, world.clock.now() - DAY, world.clock.now()) <= 300
    assert world.refused == {}


def less_allowed(tmp_path: Path) -> OAuthWorld:
    """A far side that allows 120 of the 300 calls a day that are configured, after a day and a half."""
    plan = FleetPlan(plants=1, devices=TYPES)
    world = OAuthWorld(tmp_path, plan, rules={"daily_calls": 120}, oauth={"daily_calls": 300})
    world.run(1.5 * DAY)
    return world


def allowed(world: OAuthWorld) -> int:
    budget = world.account.status().budget
    assert budget is not None
    assert budget.configured_calls == 300
    return budget.calls


@pytest.mark.no_cover
def test_what_the_far_side_allows_of_a_day_is_learnt_and_kept(tmp_path: Path) -> None:
    world = less_allowed(tmp_path)
    told = [fields for _, msg, fields in world.log.lines if "fewer calls a day than oauth.daily_calls" in msg]
    assert [(fields["daily_calls"], fields["allowed_calls"]) for fields in told] == [(300, allowed(world))]
    assert allowed(world) == pytest.approx(120, abs=3)
    world.kill()
    world.start()
    assert allowed(world) == pytest.approx(120, abs=3)
    oauth = world.settings.account.oauth
    assert oauth is not None
    world.reconfigure(oauth=oauth.model_copy(update={"daily_calls": 200}))
    world.run(HOUR)
    budget = world.account.status().budget
    assert budget is not None
    assert budget.calls == 200


@pytest.mark.slow
def test_nine_tenths_of_what_is_allowed_are_used_and_more_where_it_is_loosened(tmp_path: Path) -> None:
    world = less_allowed(tmp_path)
    before, begin = sum(world.refused.values()), world.clock.now()
    world.run(6 * DAY)
    refused = sum(world.refused.values()) - before
    answered = requests_within(world, begin, world.clock.now()) - refused
    told = f"{answered} answered, {refused} refused in 6 days of 120 calls"
    assert answered >= 0.8 * 6 * 120, told
    assert refused <= 0.03 * 6 * 120, told
    world.rule(daily_calls=300)
    world.run(3 * DAY)
    assert allowed(world) == 300, told
