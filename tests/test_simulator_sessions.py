"""Logging in and out: tokens, one session a user, wrong passwords, locks."""

import json

from test_simulator_support import PASSWORD, USER, World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface


def test_token_comes_in_header_and_cookie() -> None:
    answer = World().send("login", {"userName": USER, "systemCode": PASSWORD})
    token = answer.headers["xsrf-token"]
    assert len(token) > 30
    assert answer.headers["Set-Cookie"].startswith(f"XSRF-TOKEN={token};")
    assert json.loads(answer.body) == {"success": True, "data": None, "failCode": 0, "message": None}


def test_token_is_read_whatever_the_case_of_its_header() -> None:
    world = World().logged_in()
    answer = world.system.handle("POST", "/thirdData/stations", {"xsrf-Token": world.token}, b'{"pageNo": 1}')
    assert answer.fail_code == 0


def test_token_lives_thirty_minutes_from_the_login_although_it_is_used() -> None:
    world = World().logged_in()
    world.now += 1790
    assert world.code("stations", pageNo=1) == 0
    world.now += 10
    answer = world.ask("stations", pageNo=1)
    assert (answer["failCode"], answer["message"]) == (305, "USER_MUST_RELOGIN")


def test_new_login_ends_the_old_session() -> None:
    world = World().logged_in()
    old = world.token
    assert world.login() == 0
    assert world.code("stations", pageNo=1) == 0
    world.token = old
    assert world.code("stations", pageNo=1) == 305


def test_wrong_password_leaves_the_session_alone() -> None:
    world = World().logged_in()
    assert world.login("wrong") == 20400
    assert world.code("stations", pageNo=1) == 0


def test_nobody_is_let_in_without_name_or_with_an_unknown_one() -> None:
    world = World()
    assert world.code("login", systemCode=PASSWORD) == 30003
    assert world.code("login", userName="eve", systemCode=PASSWORD) == 20400
    assert world.code("login", userName=USER, systemCode="\ud800") == 20400


def test_five_wrong_passwords_lock_the_user_for_thirty_minutes() -> None:
    world = World()
    assert [world.login("wrong") for _ in range(5)] == [20400] * 5
    world.now += 1799
    assert world.login() == 20403
    world.now += 1
    assert world.login() == 0


def test_right_password_and_ten_minutes_break_the_row_of_wrong_ones() -> None:
    world = World()
    assert [world.login("wrong") for _ in range(4)] == [20400] * 4
    assert world.login() == 0
    assert [world.login("wrong") for _ in range(4)] == [20400] * 4
    world.now += 600
    assert world.login("wrong") == 20400
    assert world.login() == 0


def test_logout_takes_the_token_from_body_or_header() -> None:
    world = World().logged_in()
    answer = world.ask("logout", xsrfToken=world.token)
    assert answer["params"] == {"currentTime": int(world.now * 1000)}
    world.logged_in()
    assert world.code("logout") == 0
    assert world.code("logout") == 305


def test_owner_can_end_a_session_and_change_a_password() -> None:
    world = World().logged_in()
    world.system.sessions.change_password(USER, "new")
    assert world.code("stations", pageNo=1) == 0
    world.system.sessions.end(USER)
    assert world.code("stations", pageNo=1) == 305
    assert world.login() == 20400
    assert world.login("new") == 0


def test_durations_scale() -> None:
    world = World(options={"limit_scale": 0.1}).logged_in()
    world.now += 179
    assert world.code("stations", pageNo=1) == 0
    world.now += 1
    assert world.code("stations", pageNo=1) == 305


def test_log_and_representations_hold_no_secret() -> None:
    world = World(rules=Rules(quirks=True)).logged_in()
    world.code("logout", xsrfToken=world.token)
    login, logout = world.system.log.requests
    assert (login.interface, login.parameters) == (Interface.LOGIN, {"userName": USER})
    assert (logout.interface, logout.parameters) == (Interface.LOGOUT, {})
    shown = repr(world.system.log.requests) + repr(world.send("login", {"userName": USER, "systemCode": PASSWORD}))
    assert PASSWORD not in shown
    assert "x-" not in shown
