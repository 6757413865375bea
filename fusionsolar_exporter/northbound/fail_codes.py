"""The table of failCodes: the reason that each counts as, what it speaks about, what it means, and what to do.

``fail_codes.tsv`` has every code of reference section 10, the advice of section 11, and what real servers add. It lives
once: metrics, advice, ``doctor`` and what a refusal does to the next requests are all taken from it.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources

from fusionsolar_exporter.northbound.errors import Reason

_PORTAL = "System > Business Configuration > Northbound Management"
_SAME_ADVICE = "as "


class Concern(StrEnum):
    """What a failCode speaks about: no refusal is blamed on more than that."""

    SESSION = "session"
    USER = "user"
    """The northbound user: at the login nothing else can be asked."""
    INTERFACE = "interface"
    """The permission for this interface."""
    OWNER = "owner"
    """A plant whose owner has not agreed."""
    IDS = "ids"
    """An id that does not exist (any more), or is somebody else's."""
    TYPE = "type"
    """A device of another type."""
    TIME = "time"
    """The span of time that was asked for."""
    PACE = "pace"
    """Calls that came too often."""
    GATEWAY = "gateway"
    """What stands before the server, and counts others' calls too."""
    SERVER = "server"
    REQUEST = "request"
    """The request as it is, and every code that no table knows."""


@dataclass(frozen=True, slots=True)
class FailCode:
    """One row of the table."""

    reason: Reason
    concern: Concern
    meaning: str
    advice: str


_UNKNOWN = FailCode(Reason.REJECTED, Concern.REQUEST, "", "see the failCode in the reference, section 10")


def _codes(written: str) -> range:
    first, _, last = written.partition("-")
    return range(int(first), int(last or first) + 1)


def _rows() -> Iterator[tuple[int, FailCode]]:
    text = resources.files(__package__).joinpath("fail_codes.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
        advice = row["advice"].format(portal=_PORTAL)
        for code in _codes(row["fail_code"]):
            yield code, FailCode(Reason(row["reason"]), Concern(row["concern"]), row["meaning"], advice)


def _read() -> Mapping[int, FailCode]:
    rows = dict(_rows())

    def advice(row: FailCode) -> str:
        other = row.advice.removeprefix(_SAME_ADVICE)
        return advice(rows[int(other)]) if other.isdigit() else row.advice

    return {code: replace(row, advice=advice(row)) for code, row in rows.items()}


FAIL_CODES: Mapping[int, FailCode] = _read()
"""Every failCode that is known."""


def fail_code_row(fail_code: int) -> FailCode:
    """The row of a failCode other than 0; that of a rejected request for one that nobody has described."""
    return FAIL_CODES.get(fail_code, _UNKNOWN)


def reason_of(fail_code: int, *, login: bool = False) -> Reason:
    """Fold a failCode other than 0 into its reason; what speaks of the user refuses the credentials at a ``login``."""
    row = fail_code_row(fail_code)
    return Reason.CREDENTIALS if login and row.concern is Concern.USER else row.reason
