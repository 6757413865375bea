"""The status page and its JSON: what they say, and that foreign names stay text."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_support import EVIL, FAILURE, NOW, WALL_AHEAD, FakeExporter, FixedClock, account, ask, serving

from fusionsolar_exporter import __version__
from fusionsolar_exporter.cache import PlantAlarms
from fusionsolar_exporter.northbound.model import Alarm, Plant, Reading, Severity
from fusionsolar_exporter.status import AccountState, CollectorName
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.builder import build_report
from fusionsolar_exporter.web.status.document import render_json
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.web.status.page import render_page
from fusionsolar_exporter.web.status.query import PLANTS_OF_A_PAGE, Order, PlantQuery


def page(*accounts: AccountView, query: str = "") -> str:
    overview = PlantOverview(FixedClock())
    made = build_report(accounts, overview.plants, clock=FixedClock(), ready=True)
    charts = overview.charts(accounts)
    return render_page(made, PlantQuery.of(query), charts, telemetry_path="/metrics").decode()


def document(*accounts: AccountView) -> Any:
    overview = PlantOverview(FixedClock())
    return json.loads(render_json(build_report(accounts, overview.plants, clock=FixedClock(), ready=True)))


class Reader(HTMLParser):
    """Collects the texts and tags of a page, and checks that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br", "link", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.texts.append(data)

    def rows(self) -> str:
        return " ".join(" ".join(self.texts).split())


def with_plants(plants: Mapping[str, Mapping[str, float]], *, name: str = "default") -> AccountView:
    """An account whose plants have one inverter each: ``power`` in kW, ``yield`` in kWh, ``health``, ``capacity``."""
    view = account(name, plants=list(plants), devices=[38])
    codes = sorted(view.snapshot.listed_plants)
    facts = dict(zip(codes, plants.items(), strict=True))
    snapshot = replace(
        view.snapshot,
        plants={code: Plant(code, title, values.get("capacity")) for code, (title, values) in facts.items()},
        plant_readings={
            code: Reading(code, {"day_power": values.get("yield", 0.0), "real_health_state": values.get("health", 3.0)})
            for code, (_, values) in facts.items()
        },
        device_readings={
            f"{code}-0": Reading(f"{code}-0", {"active_power": values["power"], "inverter_state": 512.0})
            for code, (_, values) in facts.items()
            if "power" in values
        },
        plant_fetched_at={CollectorName.PLANT_REALTIME: dict.fromkeys(codes, NOW - 30)},
        device_fetched_at={f"{code}-0": NOW - 90 for code in codes},
    )
    return replace(view, snapshot=snapshot)


def with_alarm(view: AccountView, code: str, severity: Severity, raised_at: float | None) -> AccountView:
    alarm = Alarm(
        code, "", "Inv-1", 38, "1", "Grid Loss", "2", severity, "1", raised_at, "No grid.", "Call the utility."
    )
    alarms = {**view.snapshot.alarms, code: PlantAlarms((alarm,), complete=True)}
    return replace(view, snapshot=replace(view.snapshot, alarms=alarms))


def order_of(html: str, names: Sequence[str]) -> list[str]:
    table = html[html.index('class="plants"') : html.index("</table>")]
    return sorted((name for name in names if f">{name}<" in table), key=lambda name: table.index(f">{name}<"))


def test_a_plant_says_what_it_does() -> None:
    text = Reader(page(with_plants({"Roof": {"power": 3.4512, "yield": 12.34, "capacity": 10_000.0}}))).rows()
    assert "Roof NE=000 3.45 kW 35% 12.3 kWh healthy 1 Grid-connected 0 1 min 30 s ago -" in text
    assert "power now 3.45 kW today 12.3 kWh plants 1 need attention 0 alarms 0" in text


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    text = Reader(page(account())).rows()
    assert "Roof NE=000 - - - - - 0 - -" in text
    assert "power now - today - plants 1" in text


def test_a_broken_plant_stands_first_with_what_is_broken_and_since_when() -> None:
    view = with_plants({"Alder": {"power": 1.0}, "Birch": {"power": 1.0}, "Cedar": {"power": 1.0, "health": 2.0}})
    view = with_alarm(view, "NE=001", Severity.CRITICAL, NOW + WALL_AHEAD - 3 * 3600)
    html = page(view)
    assert order_of(html, ["Alder", "Birch", "Cedar"]) == ["Birch", "Cedar", "Alder"]
    text = Reader(html).rows()
    assert "1: critical Grid Loss , for 3 h" in text
    assert "critical Grid Loss Birch Inv-1 3 h ago No grid. Call the utility." in text
    assert "need attention 2 alarms 1" in text
    assert '<a href="#plants" class="badge bad">2 plants need attention</a>' in html
    assert "attention</a>" not in page(with_plants({"Alder": {"power": 1.0}}))


def test_alarms_are_dated_by_the_far_sides_clock() -> None:
    view = with_alarm(with_plants({"Roof": {}}), "NE=000", Severity.MAJOR, NOW + WALL_AHEAD - 60 + 1.5)
    assert "1: major Grid Loss , for 1 min" in Reader(page(view)).rows()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.ATTENTION, ["Cedar", "Alder", "Birch", "Dune"]),
        (Order.NAME, ["Alder", "Birch", "Cedar", "Dune"]),
        (Order.POWER, ["Birch", "Alder", "Cedar", "Dune"]),
        (Order.SHARE, ["Alder", "Birch", "Cedar", "Dune"]),
        (Order.YIELD, ["Dune", "Alder", "Birch", "Cedar"]),
        (Order.AGE, ["Alder", "Birch", "Cedar", "Dune"]),
    ],
)
def test_the_address_sorts(order: Order, expected: list[str]) -> None:
    view = with_plants(
        {
            "Alder": {"power": 2.0, "capacity": 3000.0, "yield": 3.0},
            "Birch": {"power": 5.0, "capacity": 50_000.0, "yield": 2.0},
            "Cedar": {"power": -1.0, "capacity": 5000.0, "yield": 1.0, "health": 2.0},
            "Dune": {"yield": 9.0},
        }
    )
    html = page(view, query=f"sort={order.value}")
    assert order_of(html, ["Alder", "Birch", "Cedar", "Dune"]) == expected


def test_the_address_searches_names_and_codes() -> None:
    view = with_plants({"Alder Farm": {}, "Birch": {}, "Cedar Farm": {}})
    assert order_of(page(view, query="q=FARM&sort=name"), ["Alder Farm", "Birch", "Cedar Farm"]) == [
        "Alder Farm",
        "Cedar Farm",
    ]
    assert order_of(page(view, query="q=ne%3D001"), ["Alder Farm", "Birch", "Cedar Farm"]) == ["Birch"]
    assert "0 plants found" in page(view, query="q=nobody")


@settings(deadline=None)
@given(st.text())
def test_any_address_makes_a_page(query: str) -> None:
    wish = PlantQuery.of(query)
    assert wish.page >= 1
    assert PlantQuery.of(wish.address(page=wish.page)[1:]) == wish


def test_a_large_fleet_has_pages_and_is_whole_in_the_json() -> None:
    number = 2 * PLANTS_OF_A_PAGE + 50
    large = account(plants=[f"Plant {number}" for number in range(number)])
    first, last = page(large), page(large, query="page=3")
    assert first.count("<bdi>Plant ") == PLANTS_OF_A_PAGE
    assert last.count("<bdi>Plant ") == 50
    assert "250 plants" in first
    assert ("href", "?page=2") in Reader(first).attributes
    assert "page 3 of 3" in last
    assert ("href", "?page=2") in Reader(last).attributes
    assert len(document(large)["accounts"][0]["plants"]) == number


def test_the_page_is_as_red_as_the_worst_account() -> None:
    well, tired = account("a"), account("b", state=AccountState.PAUSED)
    broken = account("c", state=AccountState.CREDENTIALS)
    assert '<span class="badge ok">all accounts are well</span>' in page(well)
    assert '<span class="badge wait">1 account not well</span>' in page(well, tired)
    assert '<span class="badge bad">2 accounts not well</span>' in page(well, tired, broken)
    assert "<title>(2) FusionSolar exporter</title>" in page(well, tired, broken)


def test_the_page_says_how_each_account_does() -> None:
    text = Reader(page(account("home", state=AccountState.CREDENTIALS, failures=[FAILURE]))).rows()
    assert f"version {__version__} · 2023-11-14 22:13:27 UTC" in text
    assert "home credentials The login is refused." in text
    assert "The next login is in 30 min (2023-11-14 22:43:27 UTC)." in text
    assert "getAlarmList permission (20056) 1 min 5 s ago 2023-11-14 22:12:22 UTC" in text
    assert "Ask the owner." in text
    assert "plant_realtime ok 5 min 1 min 30 s ago 2023-11-14 22:11:57 UTC in 3 min 30 s" in text
    assert "alarms failing 1 h 30 min 2 h 30 min ago" in text
    assert "device_realtime waiting - - - - 0" in text
    assert "device_list off - - - - -" in text
    assert "getDevRealKpi 2 of 4 5 min 3 s in 20 s" in text
    assert "login 0 of 5 10 min 3 s - in 30 min 2023-11-14 22:43:27 UTC the far side refused the login" in text
    assert "1 battery, 2 string_inverter" in text
    assert "No longer listed" not in text


def test_a_moment_that_has_passed_is_not_next() -> None:
    view = account()
    late = replace(view.status.collectors[0], next_sweep_at=NOW - 3600 * 14 - 6 * 60)
    behind = replace(view, status=replace(view.status, collectors=(late,)))
    assert "due 14 h 6 min behind" in Reader(page(behind)).rows()


def test_an_account_that_has_only_begun_has_a_page_too() -> None:
    begun = account(state=AccountState.STARTING, plants=())
    bare = replace(begun.status, collectors=(), interfaces=(), clock_offset_seconds=None, stretch=1.0)
    text = Reader(page(replace(begun, status=bare))).rows()
    assert "There has been no login yet." in text
    assert "No plant is known yet." in text
    assert "0 plants · 0 devices" in text
    assert "clock" not in text
    assert "Collectors" not in text


def test_what_is_left_out_says_so() -> None:
    view = account()
    refused = replace(view.status.collectors[0], left_out={"NE=000": NOW + 3600})
    text = Reader(page(replace(view, status=replace(view.status, collectors=(refused,))))).rows()
    assert "Left out: 1 id that the far side refuses" in text
    assert "plant_realtime NE=000 Roof asked again in 1 h" in text


@pytest.mark.parametrize(("names", "tools"), [(("A",), 0), (("A", "B"), 1)])
def test_where_there_are_several_plants_one_can_search_and_sort(names: Sequence[str], tools: int) -> None:
    html = page(with_plants({name: {} for name in names}), query="q=a&sort=yield")
    assert html.count('role="search"') == tools
    assert html.count('name="q" value="a"') == tools


def test_accounts_that_are_well_are_closed_where_there_are_several() -> None:
    html = page(account("a"), account("b", state=AccountState.CONTENDED))
    (closed,) = re.findall(r"<details><summary>(.*?)</summary>", html, re.DOTALL)
    assert ">a<" in closed
    assert page(account("a")).count("<details>") == 0


def test_names_stay_text() -> None:
    reader = Reader(page(account(EVIL, plants=[EVIL], failures=[FAILURE])))
    assert "img" not in reader.tags
    assert (reader.tags.count("style"), reader.tags.count("script")) == (1, 1)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.texts.count(EVIL) == 2
    assert f"refused {EVIL}" in reader.texts


@settings(deadline=None)
@given(st.text(st.characters(blacklist_characters="\r\0", blacklist_categories=())))
def test_any_name_makes_a_page_and_a_document(name: str) -> None:
    written = name.encode("utf-8", "replace").decode()
    html = page(account(name, plants=[name]))
    assert Reader(html).texts.count(written) >= (2 if written.strip() else 0)
    assert document(account(name, plants=[name]))["accounts"][0]["account"] == written


def test_the_page_loads_nothing_from_elsewhere() -> None:
    with serving(exporter=FakeExporter(accounts=[account(), account("two")])) as server:
        answer = ask(server, "/?q=a&sort=name")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)
    reader = Reader(answer.text)
    assert not {"img", "iframe", "object"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name in {"style", "src"}]
    links = [value or "" for name, value in reader.attributes if name == "href"]
    assert {"metrics", "api/v1/status"} <= set(links)
    assert not [link for link in links if link.startswith(("/", "http"))]  # so that it works behind a path


@pytest.mark.parametrize("state", list(AccountState))
def test_every_state_but_ok_has_advice(state: AccountState) -> None:
    (only,) = document(account(state=state))["accounts"]
    assert only["state"] == state
    assert bool(only["advice"]) == (state is not AccountState.OK)


def test_a_pace_that_was_learnt_is_told_beside_what_the_limits_say() -> None:
    view = account()
    learnt = replace(view.status.interfaces[0], pace_ratio=760 / 451, pace_seconds=760.0, pace_learnt_at=NOW - 7200)
    told = page(replace(view, status=replace(view.status, interfaces=(learnt, *view.status.interfaces[1:]))))
    assert "the far side allows a call in 12 min 40 s; documented or configured are 7 min 31 s; learnt 2 h ago" in told
    assert "the far side allows" not in page(view)


def test_a_plants_code_stands_apart_from_its_name() -> None:
    assert "<bdi>Roof</bdi> <small>NE=000</small>" in page(account())


@pytest.mark.parametrize(("offset", "told"), [(1.5, "+1.5 s"), (18924.1, "5 h 15 min ahead"), (-120.0, "2 min behind")])
def test_the_far_sides_clock_is_told_as_people_say_it(offset: float, told: str) -> None:
    view = account()
    assert f"clock of the far side {told}" in page(
        replace(view, status=replace(view.status, clock_offset_seconds=offset))
    )
