"""What an answer may cost, by interface: looked at before it is parsed, and the only place where such numbers stand.

What is over is no answer: it counts as ``bad_response``. Real answers are many times smaller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from fusionsolar_exporter.northbound.interfaces import Interface

_MIB = 1024 * 1024

DEEPEST = 16
"""Arrays and objects inside one another; the reference needs five."""
LONGEST_NAME = 512
"""Characters of a name: what is longer is cut there. An id that is longer is none."""
MOST_KEYS = 100_000
"""Keys, over all kinds of readings, that an account's lines are prepared for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """One row of the table."""

    size: int
    """Bytes, unpacked."""
    values: int
    """Values of any kind, containers included."""


_WORDS = Bounds(_MIB, 10_000)  # a sign-in page may come in their place, and has to be told apart
_LIST = Bounds(16 * _MIB, 500_000)
_VALUES = Bounds(8 * _MIB, 500_000)
_DAYS = Bounds(64 * _MIB, 4_000_000)  # three days of ten devices, every five minutes: a fourth of it
BOUNDS: Mapping[str, Bounds] = {
    Interface.LOGIN: _WORDS,
    Interface.LOGOUT: _WORDS,
    Interface.TOKEN: _WORDS,
    Interface.STATIONS: _LIST,
    Interface.GET_STATION_LIST: _LIST,
    Interface.GET_DEV_LIST: _LIST,
    Interface.GET_ALARM_LIST: _LIST,
    Interface.GET_STATION_REAL_KPI: _VALUES,
    Interface.GET_DEV_REAL_KPI: _VALUES,
    Interface.GET_INVENTER_REAL_KPI: _VALUES,
    Interface.GET_KPI_STATION_HOUR: _VALUES,
    Interface.GET_KPI_STATION_DAY: _VALUES,
    Interface.GET_KPI_STATION_MONTH: _VALUES,
    Interface.GET_KPI_STATION_YEAR: _VALUES,
    Interface.GET_DEV_KPI_DAY: _VALUES,
    Interface.GET_DEV_KPI_MONTH: _VALUES,
    Interface.GET_DEV_KPI_YEAR: _VALUES,
    Interface.GET_DEV_HISTORY_KPI: _DAYS,
    Interface.GET_DEV_FIVE_MINUTES: _DAYS,
}

_OPENS, _CLOSES, _QUOTE = b"[{", b"]}", b'"'
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_MARKS = bytes(set(range(256)) - set(_OPENS + _CLOSES + _QUOTE))
_STEPS = {ord("["): 1, ord("]"): -1}


class BoundsError(ValueError):
    """An answer that costs too much; the message says in what."""


def check_size(size: int, interface: str) -> None:
    """Raise BoundsError where an answer of so many bytes is too large."""
    most = BOUNDS[interface].size
    if size > most:
        raise BoundsError(f"an answer of more than {most / _MIB:g} MiB")


def check_content(body: bytes, interface: str) -> None:
    """Raise BoundsError where JSON in UTF-8 holds too many values or is nested too deep, at the cost of a few copies.

    What is no JSON may pass.
    """
    most = BOUNDS[interface].values
    if body.count(b",") + body.count(b"[") + body.count(b"{") > most:
        raise BoundsError(f"JSON with more than {most:,} values")
    if max(accumulate(map(_STEPS.__getitem__, _brackets(body))), default=0) > DEEPEST:
        raise BoundsError(f"JSON that is nested too deep, more than {DEEPEST} levels")


def _brackets(body: bytes) -> bytes:
    """The brackets that stand outside of texts, of one kind, in steps that run at the speed of memory."""
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    # two quotes side by side change nothing about what is inside of texts, so that nearly all go
    marks = body.translate(_ONE_KIND, _NO_MARKS).replace(b'""', b"")
    return b"".join(marks.split(_QUOTE)[::2])
