"""Limits as text: one a line or between semicolons, ``INTERFACE KEY=VALUE ...``, after a # what it is for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_shapes import LimitShape, LimitShapes, OverLimit, TimeOfForce

ALL_DATA = tuple(interface for interface in Interface if interface not in {Interface.LOGIN, Interface.LOGOUT})
_EACH, _DATA = "*", "data"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?", re.ASCII)
_PART = re.compile(r"(\d+)(ms|[smhd])", re.ASCII)
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_LARGEST = 1_000_000_000


class LimitsError(ValueError):
    """A text that is no list of limits: which of them, and what was expected."""


def limits_of(text: str) -> LimitShapes:
    """Read limits. LimitsError where one cannot be read or says nothing."""
    shapes: list[LimitShape] = []
    for line in text.splitlines():
        for limit in line.partition("#")[0].split(";"):
            words = limit.split()
            if words:
                shapes += _shapes(words[0], words[1:])
    return LimitShapes.of(shapes)


def _shapes(names: str, words: list[str]) -> list[LimitShape]:
    shape = LimitShape(ALL_DATA)
    given: set[str] = set()
    for word in words:
        key, equals, value = word.partition("=")
        if key not in KEYS:
            raise LimitsError(f"{names}: {key!r} is no key; known are {', '.join(KEYS)}")
        if key in given:
            raise LimitsError(f"{names}: {key} is given twice")
        given.add(key)
        change, expected = KEYS[key]
        try:
            shape = replace(shape, **change(shape, value if equals else ""))
        except ValueError:
            raise LimitsError(f"{names}: {key}={value} is wrong; expected {expected}") from None
    groups = _groups(names)
    _check(names, given, shared=any(len(group) > 1 for group in groups))
    return [replace(shape, interfaces=group) for group in groups]


def _groups(names: str) -> list[tuple[Interface, ...]]:
    """Return the interfaces of each limit that is meant."""
    if names == _EACH:
        return [(interface,) for interface in Interface]
    if names == _DATA:
        return [ALL_DATA]
    found = []
    for name in names.split("+"):
        try:
            found.append(Interface(name))
        except ValueError:
            known = ", ".join(Interface)
            raise LimitsError(
                f"{name!r} is no interface; known are {known}, several joined by + for one limit over them, "
                f"{_EACH} for each by itself, and {_DATA} for one limit over all but the logins"
            ) from None
    if len(set(found)) < len(found):
        raise LimitsError(f"{names}: an interface is named twice")
    return [tuple(found)]


def _check(names: str, given: set[str], *, shared: bool) -> None:
    if not given:
        raise LimitsError(f"{names}: says nothing; write at least one of {', '.join(KEYS)}")
    if shared and not given & {"window", "every"}:
        raise LimitsError(f"{names}: one limit over several interfaces needs a window (or every) of its own")
    for key, other in (("even", "every"), ("every", "window"), ("every", "calls")):
        if {key, other} <= given:
            raise LimitsError(f"{names}: {key} beside {other}; every alone says how fast a bucket fills")
    if "savings" in given and not given & {"every", "even"}:
        raise LimitsError(f"{names}: savings without a bucket; write even, or every=DURATION, as well")
    if {"from", "to"} & given and not {"from", "to"} <= given:
        raise LimitsError(f"{names}: from and to belong together")
    if "retry-after" in given and "answer" not in given:
        raise LimitsError(f"{names}: retry-after without answer=429 or answer=403")


def _duration(text: str) -> float:
    if not text or not _DURATION.fullmatch(text):
        raise ValueError(text)
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _positive_duration(text: str) -> float:
    seconds = _duration(text)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def _count(text: str, least: int = 1) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= _LARGEST):
        raise ValueError(text)
    return int(text)


def _share(text: str) -> float:
    if not text.endswith("%"):
        raise ValueError(text)
    return _count(text[:-1]) / 100


def _calls(text: str) -> dict[str, Any]:
    return {"share": _share(text)} if text.endswith("%") else {"calls": _count(text, 0)}


def _others(text: str) -> dict[str, Any]:
    share = _share(text)
    if share >= 1:
        raise ValueError(text)
    return {"others": share}


def _refused(text: str) -> dict[str, Any]:
    if text not in {"count", "free"}:
        raise ValueError(text)
    return {"refused_count": text == "count"}


def _even(text: str) -> dict[str, Any]:
    if text:
        raise ValueError(text)
    return {"even": True}


def _time_of_day(text: str) -> float:
    if not _TIME_OF_DAY.fullmatch(text):
        raise ValueError(text)
    hours, minutes = text.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


def _force(key: str, read: Callable[[str], float]) -> Callable[[LimitShape, str], dict[str, Any]]:
    def change(shape: LimitShape, text: str) -> dict[str, TimeOfForce]:
        return {"force": replace(shape.force, **{key: read(text)})}

    return change


_DURATION_EXPECTED = "a duration such as 90s, 10m or 1h30m"
_Change = Callable[[LimitShape, str], dict[str, Any]]
KEYS: Mapping[str, tuple[_Change, str]] = {
    "window": (lambda _, text: {"window": _positive_duration(text)}, _DURATION_EXPECTED),
    "calls": (lambda _, text: _calls(text), "a number of calls, or a share of the documented ones such as 50%"),
    "gap": (lambda _, text: {"gap": _duration(text)}, _DURATION_EXPECTED),
    "every": (lambda _, text: {"every": _positive_duration(text)}, _DURATION_EXPECTED),
    "even": (lambda _, text: _even(text), "the word alone"),
    "savings": (lambda _, text: {"savings": _count(text)}, "a number of calls from 1 up"),
    "refused": (lambda _, text: _refused(text), "count or free"),
    "answer": (lambda _, text: {"over_limit": OverLimit(text)}, "407, 20618, 429 or 403"),
    "retry-after": (lambda _, text: {"retry_after": _positive_duration(text)}, _DURATION_EXPECTED),
    "others": (lambda _, text: _others(text), "the share that another program spends, from 1% to 99%"),
    "from": (_force("day_from", _time_of_day), "a time of the day (UTC) such as 08:30"),
    "to": (_force("day_to", _time_of_day), "a time of the day (UTC) such as 20:00"),
    "after": (_force("after", _duration), _DURATION_EXPECTED),
    "until": (_force("until", _positive_duration), _DURATION_EXPECTED),
}
"""What a limit may say, how it changes its shape, and what is expected after the =."""
