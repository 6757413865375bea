"""Reloads: an account whose host and user are unchanged goes on, with other settings."""

import gc
import weakref
from typing import NoReturn

import pytest
from support.http_world import HOUR, MINUTE, PASSWORD, USER, HttpWorld, only

from fusionsolar_exporter import interpreter
from fusionsolar_exporter.config import ConfigError
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.running_accounts import RunningAccounts
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})
INFO = "fusionsolar_plant_info"
DEVICE_INFO = "fusionsolar_device_info"
POWER = "fusionsolar_device_active_power_watts"
YIELD = "fusionsolar_plant_day_yield_watthours"


def test_a_reload_without_a_change_asks_nothing_and_loses_nothing() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        before = world.scrape()
        requests = len(world.system.log.requests)
        for _ in range(3):
            world.reload()
            world.run(60)
        after = world.scrape()

        assert len(world.system.log.requests) == requests
    for name in (INFO, DEVICE_INFO, POWER, YIELD, "fusionsolar_api_requests_total"):
        assert after.all(name) == before.all(name)
    assert after.value("fusionsolar_config_last_reload_successful") == 1


def test_other_limits_count_at_once_and_the_ledger_stays() -> None:
    with HttpWorld(SMALL) as world:
        world.run(4 * MINUTE)
        world.reload({"rate_limits": {"interfaces": {"getStationRealKpi": {"window": "20m"}}}})
        world.run(60)
        slower = world.scrape().interval("plant_realtime")
        world.run(HOUR)
        long_gaps = world.gaps(Interface.PLANT_REAL_TIME)
        world.reload({"rate_limits": {}})
        world.run(15 * MINUTE)
        gaps = world.gaps(Interface.PLANT_REAL_TIME)[len(long_gaps) :]

    assert slower == 1203
    assert long_gaps == pytest.approx([1203] * 3, abs=1.5)
    assert gaps[1:] == pytest.approx([303] * 2, abs=1.5)


def test_back_offs_outlive_a_reload() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.GATEWAY, Interface.ALARMS)
        world.run_to_request(Interface.ALARMS)
        before = len(world.requests(Interface.ALARMS))
        world.reload()
        world.run(30)

        assert len(world.requests(Interface.ALARMS)) == before


def test_a_permission_is_tried_again_at_a_reload() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=401)
        world.run_to_request(Interface.ALARMS)
        world.run(3 * HOUR)
        assert len(world.requests(Interface.ALARMS)) == 2
        world.reload()
        world.run(MINUTE)

        assert [request.fail_code for request in world.requests(Interface.ALARMS)] == [0, 401, 0]


def test_a_disabled_collector_loses_its_series_at_once_and_asks_nothing() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.reload(collectors={"alarms": {"enabled": False}, "device_realtime": {"enabled": False}})
        scrape = world.scrape()  # before the account has done anything
        world.run(HOUR)
        later = world.scrape()
        counts = world.system.log.counts
        world.reload(collectors={})
        world.run(20)
        back = world.scrape()

    for told in (scrape, later):
        assert told.all("fusionsolar_plant_alarms") == told.all(POWER) == []
        assert len(told.all(DEVICE_INFO)) == 1
        assert told.all("fusionsolar_device_last_success_timestamp_seconds") == []
        assert told.all("fusionsolar_plant_last_success_timestamp_seconds", collector="alarms") == []
    assert later.by("collector", "fusionsolar_collector_enabled")["alarms"] == 0
    assert later.all("fusionsolar_collector_success", collector="alarms") == []
    assert (counts[Interface.ALARMS], counts[Interface.DEVICE_REAL_TIME]) == (1, 1)
    assert len(back.all(POWER)) == 1
    assert back.all("fusionsolar_plant_alarms") != []


def test_plant_filters() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={1: 1})) as world:
        world.run(20)
        first, second, third = world.system.fleet.plants
        world.reload({"plants": {"include": [], "exclude": [first]}})
        world.run(1)
        fewer = world.scrape()
        world.run(10 * MINUTE)
        asked = world.requests(Interface.PLANT_REAL_TIME)[-1].ids
        world.reload({"plants": {"include": [], "exclude": []}})
        world.run(6 * MINUTE)
        lists = world.system.log.counts[Interface.DEVICES]
        all_again = world.scrape()

    for name in (INFO, YIELD, POWER, DEVICE_INFO):
        assert fewer.by("plant_code", name).keys() == {second, third}
    assert set(asked) == {second, third}
    assert lists == 1  # what they said of the first is still known
    for name in (YIELD, POWER, DEVICE_INFO):
        assert all_again.by("plant_code", name).keys() == {first, second, third}


def test_device_types() -> None:
    plan = FleetPlan(plants=1, devices={1: 1, 47: 1})
    with HttpWorld(plan) as world:
        world.run(20)
        world.reload({"device_types": [47]})
        world.run(30 * MINUTE)
        types = [request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)]
        scrape = world.scrape()

    assert set(types[2:]) == {47}
    assert {sample.labels["device_type"] for sample in scrape.all(POWER)} == {"power_sensor"}
    assert len(scrape.all(DEVICE_INFO)) == 2


def test_a_changed_password_ends_the_credentials_pause_and_keeps_a_session() -> None:
    with HttpWorld(SMALL, account={"password": "mistyped"}) as world:
        world.run(30)
        refused = world.scrape()
        world.reload({"password": "k7Qz wv9R-tx4M jh2P"})
        world.run(10)
        mended = world.scrape()
        world.reload({"password": "another one"})
        world.run(20 * MINUTE)
        logins = len(world.requests(Interface.LOGIN))

    assert refused.state == "credentials"
    assert mended.state == "ok"
    assert logins == 2


def test_an_unchanged_wrong_password_does_not_end_the_pause() -> None:
    with HttpWorld(SMALL, account={"password": "mistyped"}) as world:
        world.run(60)
        for _ in range(3):
            world.reload()
            world.run(60)

        assert len(world.requests(Interface.LOGIN)) == 1


def test_another_transport_is_used_and_the_session_goes_on() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.reload({"timeout": "2s"})
        world.run(5 * MINUTE)

        assert len(world.requests(Interface.LOGIN)) == 1
        assert len(world.requests(Interface.PLANT_REAL_TIME)) == 2


def test_the_label_of_an_account_may_change() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.reload({"name": "renamed"})
        scrape = world.scrape()
        world.run(6 * MINUTE)
        later = world.scrape()

        assert len(world.requests(Interface.LOGIN)) == 1
    assert scrape.accounts() == {"renamed"}
    assert len(scrape.all(POWER)) == 1
    assert later.accounts() == {"renamed"}
    assert later.value("fusionsolar_api_requests_total", interface="getStationRealKpi") == 1


def test_series_of_a_removed_account_go_at_once() -> None:
    with HttpWorld(SMALL) as world, pytest.MonkeyPatch.context() as patch:
        world.run(20)
        patch.setattr(Account, "start", lambda *_: None)  # the new account's own thread would follow the real time
        world.reload({"name": "other", "username": "someone else"})
        scrape = world.scrape()

    assert scrape.accounts() == {"other"}
    assert scrape.state == "starting"
    assert scrape.all(INFO) == scrape.all(POWER) == []


def test_an_account_that_is_gone_is_freed_however_long_it_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpWorld(SMALL) as world, interpreter.set_up(1, world.clock.now):
        world.run(20)
        # no cycle may hold it: searches for these pass by what has survived one
        gone = weakref.ref(world.account)
        gc.collect()
        monkeypatch.setattr(Account, "start", lambda *_: None)  # as above
        world.reload({"name": "other", "username": "someone else"})
        gc.collect()
        assert gone() is None


def test_a_bad_configuration_is_refused_and_the_old_one_stays() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        before = world.scrape()
        keys = dict(world.account_keys)
        world.account_keys |= {"timeout": "soon"}
        with pytest.raises(ConfigError):
            world.config()
        problems = world.exporter.reload().problems
        world.account_keys = keys
        world.run(10)
        after = world.scrape()

        assert world.log_lines("configuration refused: the old one stays")
    assert len(problems) == 1
    assert problems[0].startswith("accounts[0].timeout: ")
    assert after.value("fusionsolar_config_last_reload_successful") == 0
    assert after.all(POWER) == before.all(POWER)


@pytest.mark.parametrize("broken", ["load", "prepare", "render", "start"])
def test_a_reload_that_breaks_anywhere_changes_nothing(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("a bug")

    with HttpWorld(SMALL) as world:
        world.run(20)
        before = world.scrape()
        exporter, world.mistakes_of_ours = world.exporter, 1
        (account,) = exporter._accounts.all()
        where = {
            "load": (exporter, "_load"),
            "prepare": (Account, "__init__"),
            "render": (AccountExports, "reconfigure"),
            "start": (RunningAccounts, "start"),
        }[broken]
        world.account_keys |= {"username": "another", "password": "another-secret", "name": "other"}
        if broken == "render":  # fails once, not while it is undone
            calls = iter([True])
            reconfigure = AccountExports.reconfigure
            monkeypatch.setattr(
                *where, lambda self, settings: fail() if next(calls, False) else reconfigure(self, settings)
            )
        else:
            monkeypatch.setattr(*where, fail)
        outcome = exporter.reload()
        monkeypatch.undo()
        world.account_keys |= {"username": USER, "password": PASSWORD, "name": "default"}
        after = world.scrape()
        world.run(10 * MINUTE)
        later = world.scrape()
        requests = len(world.requests(Interface.LOGIN))

        assert exporter._accounts.all() == (account,)
        assert exporter.reload().problems == ()
        assert world.scrape().value("fusionsolar_config_last_reload_successful") == 1
    assert outcome.broken
    assert outcome.problems == ("internal error, the old configuration stays: RuntimeError: a bug",)
    assert after.value("fusionsolar_config_last_reload_successful") == 0
    assert after.accounts() == later.accounts() == {"default"}
    assert after.all(POWER) == before.all(POWER)
    assert later.up == 1
    assert requests == 1


def test_collectors_that_were_off_start_at_once() -> None:
    with HttpWorld(SMALL, collectors=only("plant_realtime")) as world:
        world.run(20)
        world.reload(collectors={})
        world.run(20)
        scrape = world.scrape()

    assert len(scrape.all(POWER)) == len(scrape.all(DEVICE_INFO)) == 1


def test_that_a_new_interval_breaks_a_limit_is_said_before_anything_is_asked() -> None:
    with HttpWorld(SMALL, collectors=only("device_list", "plant_realtime")) as world:
        world.run(4 * MINUTE)
        requests = len(world.system.log.requests)
        world.reload(collectors=only("device_list", "plant_realtime", plant_realtime={"interval": "1m"}))
        world.run(1)
        slowed = world.log_lines("the configured interval breaks a limit and is slowed down")
        assert len(world.system.log.requests) == requests

    assert [line["collector"] for line in slowed] == ["plant_realtime"]
