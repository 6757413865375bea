"""``doctor --record``: what is written holds nothing of people, places, serial numbers and secrets."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from doctor_support import Practice
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.http_world import PASSWORD, USER

from fusionsolar_exporter.doctor.pseudonyms import Pseudonyms
from fusionsolar_exporter.doctor.redaction import Redactor
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

ADDRESSES = {"1 Example Street", "Example Person", "person@example.com", "+1 555 0100"}


def read(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(directory.iterdir())]


def private(practice: Practice) -> set[str]:
    """What must not be written."""
    fleet = practice.system.fleet
    secrets = {USER, PASSWORD, practice.account["name"], "127.0.0.1", str(practice.server.port)}
    secrets |= ADDRESSES | practice.system.tokens
    for plant in fleet.plants.values():
        secrets |= {plant.name, plant.code, str(plant.latitude), str(plant.longitude)}
    for device in fleet.devices.values():
        secrets |= {device.name, device.serial_number, device.id.lstrip("-")}
    return {secret for secret in secrets if secret}


@pytest.mark.parametrize("quirks", [False, True])
def test_every_request_has_its_file(tmp_path: Path, quirks: bool) -> None:
    plan = FleetPlan(plants=4, devices_per_plant=14, quirks=quirks, odd_names=quirks, alarm_share=1.0)
    directory = tmp_path / "new" / "record"
    with Practice(tmp_path, plan, rules=Rules(quirks=quirks)) as practice:
        found = practice.visit("--record", str(directory))
        records = read(directory)

        assert found.status == 0
        assert [record["interface"] for record in records] == [
            request.interface.value for request in practice.system.log.requests
        ]
        assert sorted(file.name for file in directory.iterdir()) == [
            f"{number:04d}-account-1-{record['interface']}.json" for number, record in enumerate(records, 1)
        ]
        assert {stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == {0o600}
        text = "".join(file.read_text() for file in directory.iterdir())
        spelled = {json.dumps(secret)[1:-1] for secret in private(practice)} | private(practice)
        assert [secret for secret in spelled if secret in text] == []


def test_who_is_who_stays_the_same_in_all_files(tmp_path: Path) -> None:
    plan = FleetPlan(plants=3, devices_per_plant=10, quirks=True, alarm_share=1.0)
    directory = tmp_path / "record"
    with Practice(tmp_path, plan, rules=Rules(quirks=True)) as practice:
        practice.visit("--record", str(directory))
        by_interface: dict[str, list[dict[str, Any]]] = {}
        for record in read(directory):
            by_interface.setdefault(record["interface"], []).append(record)

    (plants,), (devices,) = by_interface["stations"], by_interface["getDevList"]
    codes = [item["plantCode"] for item in plants["answer"]["data"]["list"]]
    assert devices["request"]["stationCodes"].split(",") == codes
    assert {item["stationCode"] for item in devices["answer"]["data"]} == set(codes)
    serials = {item["id"]: item["esnCode"] for item in devices["answer"]["data"]}
    assert len(serials) == 30
    for record in by_interface["getDevRealKpi"]:
        assert [str(item["devId"]) for item in record["answer"]["data"]] == record["request"]["devIds"].split(",")
        assert all(item["sn"] == serials[item["devId"]] for item in record["answer"]["data"])
    (alarms,) = by_interface["getAlarmList"]
    assert {item["esnCode"] for item in alarms["answer"]["data"]} <= set(serials.values())


def test_measurements_stay_as_they_are(tmp_path: Path) -> None:
    directory = tmp_path / "record"
    sent: list[Any] = []
    with Practice(tmp_path, FleetPlan(plants=1, devices={38: 1})) as practice:

        def watch(envelope: dict[str, Any]) -> None:
            envelope["data"][0]["dataItemMap"] |= {"odd": "N/A", "text": "512.0", "note": "Mrs Example"}
            sent.append(envelope["data"][0]["dataItemMap"])

        practice.system.rewrites[Interface.DEVICE_REAL_TIME] = watch
        practice.visit("--record", str(directory))

    (record,) = [record for record in read(directory) if record["interface"] == "getDevRealKpi"]
    (item,) = record["answer"]["data"]
    assert item["dataItemMap"] == {**sent[0], "note": item["dataItemMap"]["note"]}
    assert "Example" not in item["dataItemMap"]["note"]


def test_what_is_no_json_is_not_written(tmp_path: Path) -> None:
    directory = tmp_path / "record"
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.HTML)
        practice.visit("--record", str(directory))

    (record,) = read(directory)
    assert (record["status"], record["no_json"]) == (200, "a web page")
    assert "answer" not in record


def test_a_token_is_hidden_in_the_words_of_the_answer_that_brings_it(tmp_path: Path) -> None:
    directory = tmp_path / "record"
    with Practice(tmp_path) as practice:

        def repeat(envelope: dict[str, Any]) -> None:
            (token,) = practice.system.tokens
            envelope["message"] = f"your token is {token}"

        practice.system.rewrites[Interface.LOGIN] = repeat
        practice.visit("--record", str(directory))

    (login,) = [record for record in read(directory) if record["interface"] == "login"]
    assert login["answer"]["message"] == "your token is <secret>"


def test_of_what_nobody_knows_numbers_become_nothing_and_words_become_others() -> None:
    answer = {
        "success": True,
        "data": [{"phone": " +15550100 ", "floor": 3, "remark": "Mrs Example", "of": False, "by": "Mrs Example"}],
        "isOwner": True,
        "stationCode": None,
    }
    redacted = Redactor(Pseudonyms(), []).redact(answer)
    (item,) = redacted["data"]
    assert item.pop("remark") == item.pop("by") == "text-1"
    assert item == {"phone": "0", "floor": 0, "of": False}
    assert (redacted["success"], redacted["isOwner"], redacted["stationCode"]) == (True, True, None)


def test_a_request_without_an_answer(tmp_path: Path) -> None:
    directory = tmp_path / "record"
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.RESET, Interface.STATIONS)
        practice.visit("--record", str(directory))

    failed = [record for record in read(directory) if "failure" in record]
    assert [(record["interface"], record["failure"]) for record in failed] == [("stations", "connection")]


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "notes.txt").write_text("mine")
    with Practice(tmp_path) as practice:
        found = practice.visit("--record", str(tmp_path / "record"))

        assert (found.status, found.output, practice.asked) == (1, "", {})
        assert "not empty" in found.progress


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "record").write_text("mine")
    with Practice(tmp_path) as practice:
        found = practice.visit("--record", str(tmp_path / "record"))

        assert (found.status, practice.asked) == (1, {})
        assert "cannot be used" in found.progress


def test_a_recording_that_breaks_off_is_told(tmp_path: Path) -> None:
    directory = tmp_path / "record"
    with Practice(tmp_path) as practice:

        def remove(_envelope: dict[str, Any]) -> None:
            for file in directory.iterdir():
                file.unlink()
            directory.rmdir()

        practice.system.rewrites[Interface.STATIONS] = remove
        found = practice.visit("--record", str(directory))

    assert found.status == 1
    assert "the recording is not complete" in found.progress
    assert found.report["permitted"] is True
    assert not os.path.lexists(directory)


NAMES = st.text(min_size=4, max_size=20).filter(lambda name: len(name.strip()) >= 4)
WORDS = st.sampled_from(["message", "alarmName", "contactPerson", "linkmanPho", "anything", "model", "remark_2"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_name_no_serial_number_and_no_secret_is_ever_written(data: st.DataObject) -> None:
    """Whatever the names are, and wherever a server repeats them."""
    draw = data.draw
    mark = "Zq7"  # so that no name is a part of what may stay
    names = [f"{mark}{name}{mark}" for name in draw(st.lists(NAMES, min_size=4, max_size=4, unique=True))]
    plant, device, serial, secret = names
    number = draw(st.integers(10**14, 10**16))
    sentence = f"{draw(st.text(max_size=5))} {draw(st.sampled_from([plant, device, serial, secret]))} went away"
    answer = {
        "failCode": 0,
        draw(WORDS): sentence,
        "data": [
            {"plantCode": f"NE={number}", "plantName": plant, draw(WORDS): [plant, {"deep": device}], "x": number},
            {"id": -number, "devName": device, "esnCode": serial, "gpsLat": number / 10**14, plant: "as a key"},
            {"devId": str(-number), "sn": serial, "dataItemMap": {"active_power": 3.25, draw(WORDS): f"{serial}!"}},
        ],
        "params": {"stationCodes": f"NE={number},NE={number}", "userName": secret, "currentTime": 1750000000000},
    }
    text = json.dumps(Redactor(Pseudonyms(), [secret]).redact(answer), ensure_ascii=False)

    assert mark not in text
    assert str(number) not in text
    redacted = json.loads(text)
    assert redacted["data"][2]["dataItemMap"]["active_power"] == 3.25
    assert str(redacted["data"][1]["id"]) == redacted["data"][2]["devId"]
    assert redacted["params"]["stationCodes"] == ",".join([redacted["data"][0]["plantCode"]] * 2)
    assert redacted["params"]["currentTime"] == 1750000000000


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_json_at_all_can_be_redacted(answer: Any) -> None:
    redactor = Redactor(Pseudonyms(), ["secret"])

    assert repr(redactor.redact(answer)) == repr(redactor.redact(answer))


@pytest.mark.parametrize(("name", "hidden"), [("Ulm", True), ("Ost", True), ("Au", False), ("O", False)])
def test_names_of_three_letters_are_found_in_sentences_and_shorter_ones_are_not(name: str, hidden: bool) -> None:
    answer = {
        "message": f"the plant {name} is not bound",
        "data": [{"plantCode": "NE=1", "plantName": name}, {"devId": 7, "devName": f"{name}-1"}],
    }
    redacted = Redactor(Pseudonyms(), []).redact(answer)
    assert redacted["message"] == f"the plant {'plant-1' if hidden else name} is not bound"
    assert redacted["data"][0]["plantName"] == "plant-1"
    assert name not in redacted["data"][1]["devName"] or not hidden


@pytest.mark.parametrize(("secret", "hidden"), [("abc", False), ("abcd", True)])
def test_secrets_from_four_letters_on_are_hidden_in_sentences(secret: str, hidden: bool) -> None:
    redacted = Redactor(Pseudonyms(), [secret]).redact({"message": f"the user {secret} is not bound"})
    assert redacted == {"message": f"the user {'<secret>' if hidden else secret} is not bound"}
