"""What a reload remembers: whose limits count, and what was asked of an account that was away for a while."""

from pathlib import Path
from typing import Any

import pytest
from support.http_world import HttpWorld

from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

MINUTE, HOUR = 60.0, 3600.0
PLAN = FleetPlan(plants=2, devices_per_plant=3)


class NamedWorld(HttpWorld):
    """The username is in a file."""

    def __init__(self, directory: Path, **sections: Any) -> None:
        self.name = directory / "user"
        super().__init__(PLAN, account={"username_file": str(self.name)}, **sections)

    def config(self) -> Config:
        account = {"name": "default", "url": self.server.url, "password": "k7Qz wv9R-tx4M jh2P", **self.account_keys}
        return validate({"accounts": [account], **self.sections}, Path.cwd())


@pytest.mark.parametrize("url", ["memory:", "sqlite:{}/state.sqlite"])
def test_an_account_whose_name_cannot_be_read_waits_for_it(tmp_path: Path, url: str) -> None:
    with NamedWorld(tmp_path, state={"url": url.format(tmp_path)}) as world:
        world.run(2 * MINUTE)
        scrape = world.scrape()
        assert scrape.value("fusionsolar_account_state", account="default", state="credentials") == 1
        assert scrape.value("fusionsolar_up", account="default") == 0
        assert len(world.log_lines("no credentials")) == 1
        assert world.log_lines("not refreshed here") == []  # no other process has anything to do with it
        assert world.system.log.counts[Interface.LOGIN] == 0
        world.reload()  # it waits on
        world.name.write_text("northbound\n")
        world.run(2 * MINUTE)
        assert world.scrape().value("fusionsolar_up", account="default") == 1
        account, logins = world.account, world.system.log.counts[Interface.LOGIN]
        world.reload()  # the same account, by its name
        assert world.account is account
        world.run(10 * MINUTE)
        assert world.system.log.counts[Interface.LOGIN] == logins == 1


def test_a_reload_that_cannot_read_a_username_is_refused(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("northbound\n")
    with NamedWorld(tmp_path) as world:
        world.run(5 * MINUTE)
        account = world.account
        world.name.unlink()
        (problem,) = world.exporter.reload().problems
        assert problem.startswith(f"accounts[0].username_file {str(world.name)!r} cannot be read")
        assert world.account is account
        assert world.scrape().value("fusionsolar_config_last_reload_successful") == 0
        world.run(5 * MINUTE)
        world.name.write_text("northbound\n")
        world.reload()
        world.run(HOUR)
        assert world.account is account
        assert world.system.log.refusals == {}


@pytest.mark.no_cover
@pytest.mark.parametrize("after", [4 * HOUR, pytest.param(24 * HOUR, marks=pytest.mark.slow)])
def test_a_window_that_is_mistyped_for_one_reload_is_as_full_as_before_when_it_is_put_right(after: float) -> None:
    def limits(window: str) -> dict[str, Any]:
        return {"rate_limits": {"interfaces": {"getDevList": {"window": window}}}}

    with HttpWorld(PLAN, account=limits("24h")) as world:
        world.run(2 * HOUR)
        world.system.quotas.broken.clear()
        world.reload(limits("24s"))
        world.run(MINUTE)  # that is what was ordered
        world.reload(limits("24h"))
        world.account.step()
        (lists,) = [one for one in world.account.status().interfaces if one.interface == "getDevList"]
        assert len(lists.calls) == world.system.log.counts[Interface.DEVICES]
        world.run(after)


def test_a_reload_that_lowers_the_margin_opens_no_window_early() -> None:
    with HttpWorld(PLAN, account={"rate_limits": {"margin": "40s"}}) as world:
        world.system.leg = 14.0
        world.run(20 * MINUTE)
        world.run_to_request(Interface.PLANT_REAL_TIME)
        world.system.leg = 0.05
        world.reload({"rate_limits": {"margin": "1s"}})
        world.run_to_request(Interface.PLANT_REAL_TIME)
        assert world.gaps(Interface.PLANT_REAL_TIME)[-1] >= 300


class TwoWorlds(HttpWorld):
    """One account stays, the other may be away."""

    away = False

    def config(self) -> Config:
        first = {"name": "default", "url": self.server.url, "username": "northbound", "password": "k7Qz wv9R-tx4M jh2P"}
        stays = {"name": "other", "url": "http://127.0.0.1:9", "username": "nobody", "password": "of no use"}
        return validate({"accounts": [stays] if self.away else [first, stays], **self.sections}, Path.cwd())


def test_in_memory_an_account_that_was_away_for_one_reload_knows_what_it_asked() -> None:
    with TwoWorlds(PLAN) as world:
        world.exporter._accounts.start = world.run_by_hand  # type: ignore[method-assign]

        def run(seconds: float) -> None:
            until = world.clock.now() + seconds
            (account,) = (one for one in world.exporter._accounts.all() if one.settings.name == "default")
            while world.clock.now() < until:
                world._rest(min(account.step(), until))

        run(10 * MINUTE)
        old = world.exporter._accounts.all()[0]
        world.away = True
        assert world.exporter.reload().problems == ()
        world.away = False
        world.reload()
        run(2 * MINUTE)  # a request of the old one hangs
        new = world.exporter._accounts.all()[0]
        assert new is not old
        assert not new.status().leads
        old._engine.close()  # it has ended
        run(HOUR)
        assert new.status().leads
        assert new.cache.snapshot().device_readings
        assert world.system.log.refusals == {}
        assert world.system.log.counts[Interface.LOGIN] == 3  # one for each half hour
