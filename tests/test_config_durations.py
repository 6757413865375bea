"""Durations as Prometheus writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.config import format_duration, parse_duration

UNITS = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("500ms", 0.5),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1y", 31536000),
        ("1440000ms", 1440),
        ("007s", 7),
        ("1y2w3d4h5m6s7ms", 31536000 + 1209600 + 3 * 86400 + 4 * 3600 + 306.007),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " 5m", "5m ", "5m\n", "5", "-5m", "1.5h", "5 m", "m", "30s5m", "1m1m", "5M", "5min", "٣s", "1h 30m", "293y"],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_refuses_more_digits_than_an_integer_may_have() -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration("9" * 5000 + "s")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (5400, "1h30m"), (90 * 86400, "90d"), (1440, "24m")]
)
def test_writes(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=292 * 365 * 86_400_000))
def test_what_is_written_reads_back(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.dictionaries(st.sampled_from(sorted(UNITS)), st.integers(0, 30), min_size=1))
def test_any_choice_of_units_adds_up(parts: dict[str, int]) -> None:
    text = "".join(f"{parts[unit]}{unit}" for unit in UNITS if unit in parts)
    assert parse_duration(text) == sum(count * UNITS[unit] for unit, count in parts.items())
