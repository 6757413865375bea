"""Paces that are learnt from refusals, seen from the far side, which counts calls otherwise than documented."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from support.http_world import DAY, HOUR, HttpWorld, only

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)
HOUSE = FleetPlan(plants=1, devices={38: 1, 39: 1, 47: 1})
PACE = "fusionsolar_api_pace_ratio"


class LimitedWorld(HttpWorld):
    """Its limits are those of a text; that some calls are above them is what this is about."""

    def limit(self, text: str) -> None:
        self.system.change_limits(limits_of(text))

    def __exit__(self, *how: object) -> None:
        self.system.quotas.broken.clear()
        super().__exit__(*how)  # type: ignore[arg-type]

    def outcome(self, interface: Interface, since: float) -> tuple[int, int]:
        """Calls answered and refused since a moment of the world."""
        calls = [each for each in self.requests(interface) if each.at >= self.started_at + since]
        refused = sum(each.fail_code in {407, 20618} or each.status in {403, 429} for each in calls)
        return len(calls) - refused, refused


def slow(*values: object) -> Any:
    """Shapes of limits that the learner's own tests go through, too."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.fixture
def house() -> Iterator[LimitedWorld]:
    with LimitedWorld(HOUSE, rules=QUICK) as world:
        yield world


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("text", "interface", "allowed_seconds"),
    [
        ("getStationRealKpi window=10m", Interface.PLANT_REAL_TIME, 600),
        slow("getStationRealKpi window=14m refused=free", Interface.PLANT_REAL_TIME, 840),
        slow("getStationRealKpi window=10m answer=429", Interface.PLANT_REAL_TIME, 600),
        ("getStationRealKpi window=10m answer=403 retry-after=2m", Interface.PLANT_REAL_TIME, 600),
        slow("getAlarmList every=13m", Interface.ALARMS, 780),
        slow("getDevRealKpi calls=50%", Interface.DEVICE_REAL_TIME, 300),
        slow("getDevRealKpi gap=2m", Interface.DEVICE_REAL_TIME, 120),
        slow("getDevRealKpi every=100s", Interface.DEVICE_REAL_TIME, 101),
        ("getDevRealKpi every=3m savings=10", Interface.DEVICE_REAL_TIME, 180),
        slow("getDevRealKpi+getStationRealKpi window=5m calls=3", Interface.DEVICE_REAL_TIME, 150),
    ],
)
def test_few_calls_are_refused_and_most_are_used(
    house: LimitedWorld, text: str, interface: Interface, allowed_seconds: float
) -> None:
    house.limit(text)
    house.run(16 * HOUR)
    answered, refused = house.outcome(interface, 4 * HOUR)
    assert refused <= max(0.03 * (answered + refused), 2)  # twelve hours are few calls
    assert answered >= 0.75 * 12 * HOUR / allowed_seconds
    ratios = house.scrape().by("interface", PACE)
    limited = set(text.split(maxsplit=1)[0].split("+"))
    assert {each for each, ratio in ratios.items() if ratio > 1} <= limited


@pytest.mark.no_cover
def test_a_pace_is_shown_logged_and_followed(house: LimitedWorld) -> None:
    house.limit("getStationRealKpi window=15m")
    house.run(6 * HOUR)
    scrape = house.scrape()
    ratio = scrape.value(PACE, interface="getStationRealKpi")
    told = house.log_lines("pace learnt")

    assert ratio is not None
    assert 2.9 < ratio < 3.8
    assert scrape.interval("plant_realtime") == pytest.approx(ratio * 303, rel=0.01)
    assert scrape.value(PACE, interface="getDevRealKpi") == 1
    assert told[-1]["interface"] == "getStationRealKpi"
    assert float(told[-1]["ratio"]) == pytest.approx(ratio, abs=0.01)


@pytest.mark.no_cover
def test_values_live_as_long_as_their_pace_asks() -> None:
    with LimitedWorld(HOUSE) as world:
        world.limit("getStationRealKpi window=15m")
        world.run(3 * HOUR)
        interval = world.scrape().interval("plant_realtime")
        assert interval > 900
        world.system.faults.order(Fault(FaultKind.STATUS, Interface.PLANT_REAL_TIME, times=None, status=503))
        world.run(1.5 * interval)  # longer than they would live at the documented pace
        assert world.scrape().all("fusionsolar_plant_day_yield_watthours")
        world.run(2 * interval)
        assert not world.scrape().all("fusionsolar_plant_day_yield_watthours")


def test_learning_can_be_switched_off() -> None:
    off = {"rate_limits": {"learn": False}}
    with LimitedWorld(HOUSE, rules=QUICK, account=off, collectors=only("plant_realtime")) as world:
        world.limit("getStationRealKpi window=15m refused=free")
        world.run(6 * HOUR)
        assert world.scrape().interval("plant_realtime") == 303
        assert world.scrape().value(PACE, interface="getStationRealKpi") == 1


@pytest.mark.no_cover
def test_another_limit_in_the_configuration_forgets_the_pace(house: LimitedWorld) -> None:
    house.limit("getStationRealKpi window=15m")
    house.run(4 * HOUR)
    assert (house.scrape().value(PACE, interface="getStationRealKpi") or 0) > 2
    house.account_keys["rate_limits"] = {"interfaces": {"getStationRealKpi": {"window": "16m"}}}
    house.reload()
    house.run(60)
    assert house.scrape().value(PACE, interface="getStationRealKpi") == 1


def test_a_407_makes_the_lists_due_and_a_smaller_fleet_explains_it() -> None:
    fleet = FleetPlan(plants=150, devices={38: 1})
    with LimitedWorld(fleet, rules=QUICK, collectors={"alarms": {"enabled": False}}) as world:
        world.run(HOUR)
        lists = world.system.log.counts[Interface.STATIONS]
        with world.system.fleet.lock:
            for code in list(world.system.fleet.plants)[50:]:
                world.system.fleet.remove_plant(code)
        world.run(HOUR)
        refused = world.outcome(Interface.DEVICE_REAL_TIME, HOUR)[1] + world.outcome(Interface.PLANT_REAL_TIME, HOUR)[1]
        scrape = world.scrape()

        assert world.system.log.counts[Interface.STATIONS] > lists
    assert refused <= 2
    assert scrape.value(PACE, interface="getDevRealKpi") == 1
    assert scrape.value(PACE, interface="getStationRealKpi") == 1


@pytest.mark.no_cover
def test_one_refusal_among_many_answers_changes_nothing(house: LimitedWorld) -> None:
    house.run(HOUR)
    house.order(FaultKind.FAIL_CODE, Interface.PLANT_REAL_TIME, fail_code=407)
    house.run(2 * HOUR)
    assert house.gaps(Interface.PLANT_REAL_TIME) == pytest.approx([303] * 35, abs=1)
    assert house.scrape().value(PACE, interface="getStationRealKpi") == 1


@pytest.mark.no_cover
def test_interfaces_that_share_a_limit_share_its_pace(house: LimitedWorld) -> None:
    house.limit("getDevRealKpi+getStationRealKpi every=150s")
    house.run(16 * HOUR)
    outcomes = [house.outcome(each, 4 * HOUR) for each in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME)]
    ratios = house.scrape().by("interface", PACE)
    told = house.log_lines("pace learnt")[-1]

    assert sum(refused for _, refused in outcomes) <= 0.03 * 12 * HOUR / 150
    assert sum(answered for answered, _ in outcomes) >= 0.75 * 12 * HOUR / 150
    assert min(answered for answered, _ in outcomes) >= 0.75 * 12 * HOUR / 150 / 4
    assert ratios["getStationRealKpi"] == ratios["getDevRealKpi"] == pytest.approx(2, abs=0.4)
    assert {told["interface"], told["shared_with"]} == {"getStationRealKpi", "getDevRealKpi"}


@pytest.mark.slow
@pytest.mark.no_cover
def test_all_batches_age_alike_while_an_interface_is_slower_than_planned() -> None:
    with LimitedWorld(FleetPlan(plants=350, devices={38: 1, 39: 1}), rules=QUICK) as world:
        world.limit("getDevRealKpi calls=2")
        world.run(DAY)
        asked: dict[tuple[object, ...], list[float]] = {}
        for each in world.requests(Interface.DEVICE_REAL_TIME):
            if each.fail_code == 0 and each.at > world.started_at + 8 * HOUR:
                asked.setdefault((each.parameters["devTypeId"], each.ids[0]), []).append(each.at)
    gaps = [after - before for moments in asked.values() for before, after in pairwise(moments)]
    assert len(asked) == 8
    assert max(gaps) < 2 * min(gaps)


@pytest.mark.no_cover
def test_values_last_until_the_call_of_a_pace_that_their_own_answer_settled() -> None:
    with LimitedWorld(HOUSE) as house:
        house.run(HOUR)
        house.order(FaultKind.GATEWAY, Interface.PLANT_REAL_TIME, times=5)
        for _ in range(6):
            house.run_to_request(Interface.PLANT_REAL_TIME)
        assert house.scrape().by("interface", PACE)[Interface.PLANT_REAL_TIME] > 4
        answered = len(house.requests(Interface.PLANT_REAL_TIME))
        while len(house.requests(Interface.PLANT_REAL_TIME)) == answered:
            assert house.account.cache.snapshot().plant_readings
            house.run(60)
