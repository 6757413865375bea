"""Whatever JSON the far side sends becomes items in this house's words, or counts as dropped; it never raises."""

import json
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound import answers
from fusionsolar_exporter.northbound.answers import Items, Page
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading, Severity

# what the far side may write into a field; lone surrogates come out of JSON escapes


TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**420)
    | st.floats()
    | TEXTS
    | st.sampled_from(
        ["N/A", "512.0", "1_000", "٣", "1e999", "-0", " 7 ", "nan", "Infinity", "2022-11-21T16:23:00+08:00"]
    )
)


KEYS = st.sampled_from(
    [
        "plantCode",
        "stationCode",
        "plantName",
        "stationName",
        "capacity",
        "latitude",
        "longitude",
        "gridConnectionDate",
        "id",
        "devId",
        "devTypeId",
        "devName",
        "esnCode",
        "invType",
        "model",
        "softwareVersion",
        "dataItemMap",
        "list",
        "pageCount",
        "total",
        "lev",
        "raiseTime",
        "alarmId",
        "alarmName",
        "causeId",
        "alarmType",
        "active_power",
    ]
)


JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | TEXTS, inner, max_size=12),
    max_leaves=40,
)


RECORDS = st.dictionaries(KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, max_size=3), min_size=1)
DATA: st.SearchStrategy[object] = (
    JSON | st.lists(RECORDS | SCALARS, max_size=5) | st.builds(dict, list=st.lists(RECORDS), total=SCALARS)
)


def named(value: object) -> str | None:
    """Pytest cannot write integers of more than 4,300 digits."""
    return "huge" if isinstance(value, int) and value > 10**64 else None


def parse_all(data: object) -> list[Items[Any] | Page[Any]]:
    return [
        answers.plants(data, megawatts=True),
        answers.plants(data, megawatts=False),
        answers.devices(data),
        answers.plant_readings(data),
        answers.device_readings(data),
        answers.alarms(data),
    ]


def numbers_in(item: object) -> list[float]:
    if isinstance(item, Reading):
        return list(item.values.values())
    values = item if isinstance(item, Device) else [getattr(item, field.name) for field in fields(item)]  # type: ignore[arg-type]
    return [value for value in values if isinstance(value, int | float)]


@given(DATA)
@example([{"stationCode": "A", "devTypeId": 10**400, "id": 1, "capacity": 10**400}])
@example({"list": [{"plantCode": "A"}], "pageCount": 10**400, "total": 10**5000})
@pytest.mark.no_cover
def test_any_json_becomes_items_with_finite_numbers_or_counts_as_dropped(data: object) -> None:
    for answer in parse_all(data):
        for item in answer.items:
            assert all(math.isfinite(value) for value in numbers_in(item))
        body = data.get("list") if isinstance(data, dict) and isinstance(answer, Page) else data
        records = body if isinstance(body, list) else []
        assert len(answer.items) + answer.dropped == len(records)
        assert answer.empty is (not records)
        assert answer.null is (body is None)


@given(DATA)
def test_items_have_the_ids_that_tell_them_apart(data: object) -> None:
    for answer in parse_all(data):
        for item in answer.items:
            if isinstance(item, Plant):
                assert item.code
            elif isinstance(item, Device):
                assert item.id
                assert isinstance(item.type_id, int)
            elif isinstance(item, Reading):
                assert item.id
            else:
                assert isinstance(item, Alarm)
                assert item.plant_code


@given(st.lists(RECORDS | SCALARS, max_size=4), RECORDS)
def test_one_odd_item_never_hides_the_others(odd: list[object], also: dict[str, object]) -> None:
    good = {"devId": 17, "dataItemMap": {"active_power": "1.5"}}
    answer = answers.device_readings([*odd, good, also])
    assert Reading("17", {"active_power": 1.5}) in answer.items


def test_lone_surrogates_survive() -> None:
    data = json.loads('[{"plantCode": "NE=1", "plantName": "Hof \\ud83d unten"}]')
    assert answers.plants(data, megawatts=False).items[0].name == "Hof \ud83d unten"


def test_of_duplicate_keys_the_last_counts() -> None:
    data = json.loads('[{"devId": 1, "devId": 2, "dataItemMap": {"a": 1, "a": "N/A"}}]')
    assert answers.device_readings(data).items == (Reading("2", {}),)


def test_plant_of_the_newer_list() -> None:
    data = {
        "list": [
            {
                "plantCode": "NE=1",
                "plantName": "Hof",
                "capacity": 40.0,
                "latitude": "48.5",
                "longitude": 11,
                "gridConnectionDate": "2022-11-21T16:23:00+08:00",
                "contactPerson": "somebody",
            },
            {
                "plantCode": "NE=2",
                "capacity": None,
                "latitude": 91,
                "longitude": "",
                "gridConnectionDate": "2022-11-21",
            },
            {"plantName": "without a code"},
            "odd",
        ],
        "pageCount": "3",
        "total": 202.0,
    }
    page = answers.plants(data, megawatts=False)
    assert page.items == (
        Plant("NE=1", "Hof", 40_000.0, 48.5, 11.0, "2022-11-21T16:23:00+08:00", 1669018980.0),
        Plant("NE=2", "", None, None, None, "2022-11-21", None),
    )
    assert (page.dropped, page.pages, page.total, page.whole, page.empty) == (2, 3, 202, False, False)


def test_codes_of_the_older_list() -> None:
    given = {"buildState": "3", "combineType": 1.0, "aidType": 0}
    none = {"buildState": None, "combineType": "", "aidType": 2147483647}
    page = answers.plants([{"stationCode": "1", **given}, {"stationCode": "2", **none}], megawatts=True)
    assert [(each.build_state, each.combine_type, each.aid_type) for each in page.items] == [("3", "1", "0"), ("",) * 3]


def test_coordinates_of_devices() -> None:
    known = {"id": 1, "devTypeId": 1, "stationCode": "NE=1"}
    data = [known | {"latitude": "48.5", "longitude": 11}, known | {"latitude": 91, "longitude": None}]
    assert [(each.latitude, each.longitude) for each in answers.devices(data).items] == [(48.5, 11.0), (None, None)]


def test_plant_of_the_older_list() -> None:
    page = answers.plants([{"stationCode": "NE=1", "stationName": "Hof", "capacity": "0.04"}], megawatts=True)
    assert page.items == (Plant("NE=1", "Hof", 40_000.0),)
    assert (page.pages, page.total, page.whole) == (None, None, True)


def test_a_capacity_that_overflows_when_scaled_is_none() -> None:
    (plant,) = answers.plants([{"stationCode": "NE=1", "capacity": 1e308}], megawatts=True).items
    assert plant.capacity_watts is None


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2022-13-01", "\ud800", "\u0661"]
)
def test_any_date_is_kept_as_it_comes(date: str) -> None:
    (plant,) = answers.plants([{"stationCode": "NE=1", "gridConnectionDate": date}], megawatts=True).items
    assert plant.grid_connection_date == date


def test_device() -> None:
    data = [
        {
            "id": -214060404588862,
            "devName": "Inv 1",
            "stationCode": "NE=1",
            "devTypeId": "38",
            "esnCode": "ES1",
            "invType": None,
            "model": "SUN2000",
            "softwareVersion": "V1",
        },
        {"id": 5, "devTypeId": None},
        {"devTypeId": 1},
    ]
    assert answers.devices(data) == Items(
        (Device("-214060404588862", "Inv 1", "NE=1", 38, "ES1", "SUN2000", "V1"),),
        empty=False,
        null=False,
        dropped=2,
        unreadable=2,
    )


def test_readings_hold_what_is_a_number_and_nothing_else() -> None:
    values = {
        "a": "1.5",
        "b": None,
        "c": "N/A",
        "d": True,
        "e": math.nan,
        "f": math.inf,
        "g": 10**400,
        "h": 0,
        "i": [1],
    }
    data = [
        {"stationCode": "NE=1", "dataItemMap": values},
        {"stationCode": "NE=2"},
        {"stationCode": "", "dataItemMap": {}},
    ]
    answer = answers.plant_readings(data)
    assert answer.items == (Reading("NE=1", {"a": 1.5, "h": 0.0}), Reading("NE=2", {}))
    assert answer.dropped == 1
    assert answers.plant_readings([{"stationCode": "NE=1", "dataItemMap": [1]}]).dropped == 1


def test_alarm() -> None:
    data = [
        {
            "stationCode": "NE=1",
            "esnCode": "ES1",
            "devName": "Inv 1",
            "devTypeId": 1,
            "alarmId": 2064.0,
            "alarmName": "Device Fault",
            "causeId": -1,
            "lev": "1",
            "alarmType": 0,
            "raiseTime": 1_750_000_000_000,
        },
        {"stationCode": "NE=1", "lev": 9, "raiseTime": "N/A"},
        {"alarmName": "without a plant"},
    ]
    answer = answers.alarms(data)
    assert answer.items == (
        Alarm("NE=1", "ES1", "Inv 1", 1, "2064", "Device Fault", "-1", Severity.CRITICAL, "0", 1_750_000_000.0),
        Alarm("NE=1", "", "", None, "", "", "", Severity.UNKNOWN, "", None),
    )
    assert answer.dropped == 1


@given(st.lists(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_items_that_were_not_asked_for_are_dropped_and_counted(came: list[str], asked: set[str]) -> None:
    answer = Items(tuple(came), empty=not came, null=False, dropped=2)
    kept = answers.only_asked(answer, asked, str)
    assert list(kept.items) == [item for item in came if item in asked]
    assert kept.dropped == 2 + len(came) - len(kept.items)
    assert (kept.empty, kept.null) == (answer.empty, answer.null)
