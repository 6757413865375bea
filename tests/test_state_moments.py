"""Moments in state: every field that is one says so by its type, and reading shifts all of these and nothing else."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.ledger import KeptCalls
from fusionsolar_exporter.refresh.persistence.account_record import (
    CALLS,
    TOKENS,
    AccountRecord,
    CallsRecord,
    TokensRecord,
)
from fusionsolar_exporter.refresh.persistence.records import (
    PLANT_LIST,
    Aged,
    AlarmsRecord,
    DeviceListRecord,
    PlantListRecord,
    ReadingsHead,
    ReportsRecord,
    UnreadableRecordError,
)
from fusionsolar_exporter.refresh.session.tokens import HeldTokens

RECORDS = (
    AccountRecord,
    AlarmsRecord,
    CallsRecord,
    DeviceListRecord,
    PlantListRecord,
    ReadingsHead,
    ReportsRecord,
    TokensRecord,
)
NO_MOMENTS = {
    "now": "what tells the shift",
    "ttl": "seconds",
    "window": "seconds",
    "lifetime": "seconds",
    "last_duration": "seconds",
    "clock_offset": "seconds",
    "patience": "seconds",
    "recovery": "seconds",
    "configured": "limits",
    "pace": "seconds a call",
    "refused": "seconds a call",
    "doubtful": "seconds a call",
    "answered": "seconds a call",
    "begin": "Unix seconds",
    "end": "Unix seconds",
    "raised_at": "Unix seconds",
    "collected_at": "Unix seconds",
    "first_at": "Unix seconds",
    "ended_at": "Unix seconds",
    "midnight": "Unix seconds",
    "offset": "seconds",
    "watts": "a factor",
    "values": "readings",
    "capacity_watts": "a fact",
    "grid_connected_at": "Unix seconds",
    "latitude": "a fact",
    "longitude": "a fact",
}


def floats(kind: Any, name: str, seen: set[Any]) -> Iterator[tuple[str, bool]]:
    """The fields that hold floats, at any depth, and whether they are moments."""
    if kind is float:
        yield name, False
    elif kind == Moment:
        yield name, True
    elif isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields")) and kind not in seen:
        seen.add(kind)
        for field, hint in get_type_hints(kind, include_extras=True).items():
            yield from floats(hint, field, seen)
    elif get_origin(kind) is not Annotated:
        for part in get_args(kind):
            yield from floats(part, name, seen)


@pytest.mark.parametrize("record", RECORDS)
def test_every_number_of_a_record_is_a_moment_or_known_to_be_none(record: Any) -> None:
    found = list(floats(record, "", set()))
    assert found
    unknown = {name for name, moment in found if not moment} - NO_MOMENTS.keys()
    assert unknown == set()


def test_the_account_has_the_moments_that_it_had() -> None:
    moments = sorted({name for name, moment in floats(AccountRecord, "", set()) if moment})
    assert moments == [
        "at",
        "began_at",
        "denied",
        "due",
        "failed_at",
        "failures",
        "last",
        "last_success_at",
        "learnt_at",
        "left_out",
        "refusals",
        "until",
        "whole_again_at",
    ]


def test_reading_shifts_moments_and_nothing_else() -> None:
    tokens = TokensRecord(1000.0, HeldTokens("a", "b", None, 990.0, 3600.0))
    read, _ = TOKENS.read(TOKENS.write(tokens), Aged(now=50_000.0, age=100.0, latest=60_000.0))
    assert (read.tokens.obtained_at, read.tokens.lifetime, read.now) == (49_890.0, 3600.0, 1000.0)

    heads: Mapping[Interface, KeptCalls] = {Interface.LOGIN: KeptCalls(1, 0, 995.0, 996.0, last_counted=True)}
    calls = CallsRecord(1000.0, heads, 0)
    head, moments = CALLS.read(CALLS.write(calls, array("d", [995.0, 996.0])), Aged(500.0, 0.0, 495.5))
    assert (head.calls[Interface.LOGIN].last, head.calls[Interface.LOGIN].last_end) == (495.0, 495.5)
    assert list(moments) == [495.0, 495.5]


@pytest.mark.parametrize("now", ["null", '"x"', "[]", "1" + "0" * 400])
def test_a_record_without_the_moment_of_writing_cannot_be_read(now: str) -> None:
    whole = PLANT_LIST.write(PlantListRecord(1.0, 1.0, 1.0, ()))
    text = whole[4:].replace(b'"now":1.0', f'"now":{now}'.encode())
    odd = len(text).to_bytes(4, "little") + text
    with pytest.raises(UnreadableRecordError):
        PLANT_LIST.read(odd, Aged(0.0, 0.0, 0.0))
