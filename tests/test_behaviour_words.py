"""What the log says of the normal course, and of what is waited for: once, in words, the page's own."""

from html import unescape
from pathlib import Path

from support.http_world import DAY, HOUR, MINUTE, PASSWORD, HttpWorld, only
from support.kept_world import KeptWorld

from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=2, devices={1: 1, 47: 1})
REFUSED = "the login was refused at 15:06 UTC, failCode 20400 (user.login.user_or_value_invalid); next try at 15:36 UTC"


def page(world: HttpWorld) -> str:
    return unescape(world.pages())


def test_a_login_and_the_first_values_are_a_line_each() -> None:
    with HttpWorld(SMALL) as world:
        world.run(6 * HOUR)
        logins = world.log_lines("logged in")
        values = world.log_lines("first values")
        renewed = world.system.log.counts[Interface.LOGIN]

    assert renewed > 5
    assert [line["level"] for line in logins] == ["info", *["debug"] * (renewed - 1)]
    (line,) = values
    assert (line["plants"], line["devices"], line["missing"]) == (2, 4, "nothing")


def test_a_login_after_a_failure_is_a_line() -> None:
    with HttpWorld(SMALL) as world:
        world.run(HOUR)
        world.order(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=20400)
        world.run(2 * HOUR)
        levels = [line["level"] for line in world.log_lines("logged in")]

    assert levels.count("info") == 2


def test_the_first_values_say_what_is_missing() -> None:
    with HttpWorld(SMALL, collectors={"device_list": {}}, forbidden=frozenset({Interface.ALARMS})) as world:
        world.order(FaultKind.DATA_EMPTY, Interface.DEVICE_REAL_TIME, times=None)
        world.run(10 * MINUTE)
        (line,) = world.log_lines("first values")

    assert (line["plants"], line["devices"]) == (2, 0)
    assert "values of 4 of 4 devices" in line["missing"]
    assert "alarms: failCode 401" in line["missing"]


def test_a_plan_that_changes_is_told_and_one_that_does_not_is_not() -> None:
    with HttpWorld(SMALL) as world:
        world.run(DAY / 2)
        before = world.log_lines("plan changed")
        world.reload({"rate_limits": {"interfaces": {"getStationRealKpi": {"window": "20m"}}}})
        world.account.step()
        (reloaded,) = world.log_lines("plan changed")
        world.run(HOUR)

        assert len(world.log_lines("plan changed")) == 1
        assert len(world.log_lines("plan")) == 5
    assert before == []
    assert (reloaded["collector"], reloaded["interval_seconds"]) == ("plant_realtime", 1203.0)


def test_a_fleet_that_grows_changes_the_plan() -> None:
    with HttpWorld(FleetPlan(plants=100, devices={62: 1}), collectors=only("device_list")) as world:
        world.run(5 * MINUTE)
        for _ in range(60):
            world.system.fleet.add_plant()
        world.account._engine.collectors.plant_list.make_due(world.clock.now())
        world.run(6 * HOUR)
        changed = {line["collector"] for line in world.log_lines("plan changed")}
        lines = len(world.log_lines("plan changed"))

    assert changed == {"plant_list", "device_list"}
    assert lines == len(changed)


def test_a_refused_login_says_until_when_in_the_log_and_with_the_same_words_on_the_page() -> None:
    with HttpWorld(SMALL, account={"password": "mistyped"}) as world:
        world.run(MINUTE)
        (line,) = world.log_lines("waiting for a session")
        told = page(world)
        (login,) = [one for one in world.account.status().interfaces if one.interface == "login"]

    assert line["why"] == f"{REFUSED}, or after a reload with another password"
    assert f"T{line['why'][1:]}. Check user name and password" in told
    assert login.held_until is not None


def test_a_password_file_that_is_missing_is_not_a_refused_login(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with HttpWorld(SMALL, account={"password_file": str(file)}) as world:
        world.run(5 * MINUTE)
        (line,) = world.log_lines("no credentials")
        told = page(world)
        file.write_text("mistyped")
        world.run(MINUTE)
        (refused,) = world.log_lines("waiting for a session")
        file.write_text(PASSWORD)
        world.run(MINUTE)

        assert world.scrape().state == "ok"
        assert world.account.status().waits == ""
    assert line["error"] == (
        f"password_file {str(file)!r} cannot be read: No such file or directory; it is read again once a minute"
    )
    assert f"P{line['error'][1:]}." in told
    assert "is refused" not in told.partition("</html>")[0]
    assert refused["why"].endswith(", or within a minute after the file with the password changes")


def test_each_start_that_waits_says_so(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, SMALL)
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=20400, times=None))
    world.run(MINUTE)
    for _ in range(2):
        world.log.lines.clear()
        world.kill()
        world.start()
        world.run(MINUTE)
        (why,) = [fields["why"] for _, msg, fields in world.log.lines if msg == "waiting for a session"]
        assert str(why).startswith("the login was refused at ")
        assert "; next try at " in str(why)
    assert world.system.log.counts[Interface.LOGIN] == 1


def test_debug_shows_each_request() -> None:
    with HttpWorld(SMALL) as world:
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=20200)
        world.run(HOUR)
        lines = world.log_lines("request")

        assert len(lines) == len(world.system.log.requests)
        assert [line["interface"] for line in lines][:2] == ["login", "stations"]
    assert {line["level"] for line in lines} == {"debug"}
    assert any("20200" in line["outcome"] for line in lines)
