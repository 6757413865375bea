"""Numbers, texts and ids in every spelling that the far side has for them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound import scalars

# what the far side may write into a field; lone surrogates come out of JSON escapes


def named(value: object) -> str | None:
    """Pytest cannot write integers of more than 4,300 digits."""
    return "huge" if isinstance(value, int) and value > 10**64 else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (512, 512.0),
        (512.5, 512.5),
        ("512.5", 512.5),
        (" -3.5e2 ", -350.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1", 1.0),
        (0, 0.0),
        ("0", 0.0),
        ("1_000", None),
        ("٣٤", None),
        ("१", None),
        ("0x10", None),
        ("1,5", None),
        ("1e", None),
        ("", None),
        (" ", None),
        ("N/A", None),
        ("nan", None),
        ("Infinity", None),
        ("1e999", None),
        ("9" * 65, None),
        (True, None),
        (False, None),
        (None, None),
        (math.nan, None),
        (math.inf, None),
        (10**400, None),
        (10**5000, None),
        ([1], None),
        ({}, None),
    ],
    ids=named,
)
def test_number(value: object, expected: float | None) -> None:
    assert scalars.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (512, 512),
        (512.0, 512),
        ("512", 512),
        ("512.0", 512),
        (" -7 ", -7),
        ("9007199254740993", 9007199254740993),
        (-214060404588862, -214060404588862),
        (512.5, None),
        ("512.5", None),
        ("٣", None),
        ("1_0", None),
        (True, None),
        (math.nan, None),
        (math.inf, None),
        (10**64, None),
        (-(10**64), None),
        (10**5000, None),
        (1e300, None),
        ("9" * 65, None),
        (None, None),
        ([], None),
    ],
    ids=named,
)
def test_integer(value: object, expected: int | None) -> None:
    assert scalars.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("as it comes \x00\ud800", "as it comes \x00\ud800"),
        (5, "5"),
        (5.0, "5"),
        (5.25, "5.25"),
        (True, ""),
        (None, ""),
        ([], ""),
        ({"a": 1}, ""),
        (math.nan, ""),
        (-math.inf, ""),
        (10**70, "1" + "0" * 70),
        (10**5000, ""),
    ],
    ids=named,
)
def test_text(value: object, expected: str) -> None:
    assert scalars.text(value) == expected


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_an_id_is_the_same_as_number_text_and_float(number: int) -> None:
    forms = [number, str(number), f" {number} ", float(number)]
    assert {scalars.identifier(form) for form in forms} == {str(number)}


@pytest.mark.parametrize("value", [None, True, "", " ", math.nan, math.inf, [], {}])
def test_what_is_no_id_is_empty(value: object) -> None:
    assert scalars.identifier(value) == ""


@pytest.mark.parametrize("name", ["NE=35436844", "+-5", "1_000", "٣", "0x1F", "\ud800"])
def test_an_id_that_is_no_number_stays_as_it_is(name: str) -> None:
    assert scalars.identifier(name) == name
