"""The dashboards as Grafana would read them: complete, consistent with each other and with the catalogue."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from fusionsolar_exporter.metrics.codes import DESCRIPTIONS, CodeTable
from fusionsolar_exporter.metrics.families import FAMILIES
from grafana import __main__ as command
from grafana.queries import series
from grafana.recorded import RECORDED, recorded

DIRECTORY = Path(__file__).parents[1] / "grafana" / "dashboards"
BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(DIRECTORY.glob("*.json"))}
CLIENT_LIBRARY = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}
RECORDED_NAME = re.compile(r"fusionsolar:\w+:\w+")
HISTOGRAM_SUFFIX = re.compile(r"_(bucket|sum|count)$")
BUILT_IN = {"__rate_interval", "__interval", "__range"}


def panels(uid: str) -> list[dict[str, Any]]:
    return [panel for panel in BOARDS[uid]["panels"] if panel["type"] != "row"]


def queries(uid: str) -> Iterator[tuple[str, str]]:
    for panel in panels(uid):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def variables(uid: str) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in BOARDS[uid]["templating"]["list"]}


def strings(node: object) -> Iterator[str]:
    """Every text anywhere below."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def lost(ours: object, theirs: object, path: str = "") -> Iterator[str]:
    """What is in ``ours`` and not in ``theirs``."""
    if isinstance(ours, dict):
        for key, value in ours.items():
            if not isinstance(theirs, dict) or key not in theirs:
                yield f"{path}/{key}"
            else:
                yield from lost(value, theirs[key], f"{path}/{key}")
    elif isinstance(ours, list):
        if not isinstance(theirs, list) or len(ours) != len(theirs):
            yield path
        else:
            for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
                yield from lost(one, other, f"{path}/{index}")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def test_the_six_dashboards_are_there() -> None:
    assert set(BOARDS) == {
        "fusionsolar-fleet",
        "fusionsolar-plant",
        "fusionsolar-device",
        "fusionsolar-performance",
        "fusionsolar-alarms",
        "fusionsolar-exporter-health",
    }
    assert {uid: board["uid"] for uid, board in BOARDS.items()} == {uid: uid for uid in BOARDS}


def test_the_files_are_as_generated() -> None:
    assert command.drift() == [], "run python -m grafana"


def test_the_check_as_a_person_runs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grafana", "--check"],
        cwd=DIRECTORY.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_command_writes_changes_and_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "dashboards"
    monkeypatch.setattr(command, "DIRECTORY", made)
    assert command.main(["--check"]) == 1
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0
    assert {path.name: path.read_text() for path in made.iterdir()} == dict(command.rendered())
    fleet, stray = made / "fusionsolar-fleet.json", made / "stray.json"
    fleet.write_text("{}\n")
    stray.write_text("{}\n")
    capsys.readouterr()

    assert command.main(["--check"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [f"{path}: not as generated; run python -m grafana" for path in (fleet, stray)]
    assert command.main([]) == 0
    assert not stray.exists()
    assert command.main(["--check"]) == 0


@pytest.mark.parametrize("uid", BOARDS)
def test_the_sdk_reads_back_all_that_is_written(uid: str) -> None:
    register_default_plugins()

    read = Dashboard.from_json(BOARDS[uid])

    assert list(lost(BOARDS[uid], json.loads(JSONEncoder().encode(read)))) == []


@pytest.mark.parametrize("uid", BOARDS)
def test_every_metric_is_in_the_catalogue(uid: str) -> None:
    text = " ".join([*(expr for _, expr in queries(uid)), *(str(v.get("query", "")) for v in variables(uid).values())])
    named = set(re.findall(r"\b(?:fusionsolar|process)_[a-z0-9_]+", text))

    assert {name for name in named if HISTOGRAM_SUFFIX.sub("", name) not in FAMILIES} <= CLIENT_LIBRARY
    assert named & FAMILIES.keys() or RECORDED_NAME.search(text)
    assert set(RECORDED_NAME.findall(text)) <= RECORDED


@pytest.mark.parametrize("uid", BOARDS)
def test_every_label_belongs_to_its_metric(uid: str) -> None:
    selectors = [
        (name, label)
        for _, expr in queries(uid)
        for name, matchers in re.findall(r"(fusionsolar_\w+)\{([^}]*)\}", expr)
        for label in re.findall(r"(\w+)=~?\"", matchers)
    ]

    assert selectors or RECORDED_NAME.search(str(BOARDS[uid]))
    wrong = [
        (name, label) for name, label in selectors if label not in FAMILIES[HISTOGRAM_SUFFIX.sub("", name)].all_labels
    ]
    assert wrong == []


@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_explains_itself(uid: str) -> None:
    for panel in panels(uid):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], panel["title"]
        assert panel["targets"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    titles = [panel["title"] for panel in panels(uid)]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("uid", BOARDS)
def test_panels_have_ids_and_places_of_their_own(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[uid]["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in BOARDS[uid]["panels"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("uid", BOARDS)
def test_every_variable_that_is_used_exists(uid: str) -> None:
    used = {name for _, expr in queries(uid) for name in re.findall(r"\$\{?(\w+)", expr)} - BUILT_IN

    assert used <= set(variables(uid))
    assert "account" in used


def test_pages_about_one_plant_or_device_take_one() -> None:
    single = {
        uid: {name for name, variable in variables(uid).items() if variable.get("multi") is not True} - {"datasource"}
        for uid in BOARDS
    }

    assert single == {
        "fusionsolar-fleet": set(),
        "fusionsolar-plant": {"account", "plant"},
        "fusionsolar-device": {"account", "plant", "device"},
        "fusionsolar-performance": set(),
        "fusionsolar-alarms": set(),
        "fusionsolar-exporter-health": set(),
    }


@pytest.mark.parametrize("uid", BOARDS)
def test_links_lead_to_dashboards_and_variables_that_exist(uid: str) -> None:
    urls = [text for text in strings(BOARDS[uid]) if text.startswith("/d/")]

    for url in urls:
        target, _, choice = url.removeprefix("/d/").partition("?")
        assert set(re.findall(r"var-(\w+)=", choice)) <= set(variables(target)), url
        assert set(re.findall(r"\$\{(\w+):queryparam\}", choice)) <= set(variables(uid)), url
        assert "${datasource:queryparam}" in choice
    menu = {link["url"].removeprefix("/d/").partition("?")[0] for link in BOARDS[uid]["links"]}
    assert menu == BOARDS.keys() - {uid}
    assert all(link["keepTime"] for link in BOARDS[uid]["links"])


@pytest.mark.parametrize("uid", BOARDS)
def test_links_of_tables_find_the_labels_that_they_need(uid: str) -> None:
    for panel in panels(uid):
        named = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel)))
        organized = [each for each in panel.get("transformations", []) if each["id"] == "organize"]
        for each in organized:
            assert named.isdisjoint(each["options"]["excludeByName"]), panel["title"]
        for label in named:
            assert any(re.search(rf"\b{label}\b", target["expr"]) for target in panel["targets"]), panel["title"]


def test_no_page_hands_all_to_a_page_about_one() -> None:
    for uid in ("fusionsolar-fleet", "fusionsolar-performance", "fusionsolar-alarms", "fusionsolar-exporter-health"):
        for link in BOARDS[uid]["links"]:
            if link["title"] in {"Plant", "Device"}:
                assert "account" not in link["url"]
                assert "plant:" not in link["url"]


def test_numbers_are_of_this_moment() -> None:
    """The last value of a range may have expired hours ago."""
    numbers = [panel for uid in BOARDS for panel in panels(uid) if panel["type"] == "stat"]

    assert len(numbers) > 20
    assert all(target["instant"] and not target["range"] for panel in numbers for target in panel["targets"])


def test_the_state_timeline_knows_the_whole_of_table_9_1() -> None:
    (timeline,) = (panel for panel in panels("fusionsolar-device") if panel["type"] == "state-timeline")
    asked = [target["expr"] for target in timeline["targets"]]
    (override,) = (
        override
        for override in timeline["fieldConfig"]["overrides"]
        if "inverter_state_code" in asked["ABCDE".index(override["matcher"]["options"])]
    )

    (mapping,) = override["properties"][0]["value"]
    texts = {code: result["text"] for code, result in mapping["options"].items()}
    assert texts == DESCRIPTIONS[CodeTable.INVERTER_STATE]
    assert mapping["options"]["512"]["color"] == "green"
    assert mapping["options"]["768"]["color"] == "red"
    assert mapping["options"]["45056"]["color"] == "purple"


def test_a_series_that_no_rule_records_ends_the_generation() -> None:
    newest = "last_over_time(fusionsolar:plant_power:kilowatts{a}[1h])"
    assert recorded("plant_power:kilowatts", "a", within="1h") == newest
    with pytest.raises(KeyError):
        recorded("plant_power:watts")


def test_an_unknown_metric_ends_the_generation() -> None:
    with pytest.raises(KeyError, match="fusionsolar_plant_powr"):
        series("fusionsolar_plant_powr")
