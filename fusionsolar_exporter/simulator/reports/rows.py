"""What reports of plants and devices have in common."""

from collections.abc import Mapping

from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.chance import fraction
from fusionsolar_exporter.simulator.parameters import required_number
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal


def asked_moment(call: Call) -> float:
    """Return ``collectTime`` in Unix seconds."""
    moment = required_number(call.parameters, "collectTime", FailCode.TIME_EMPTY)
    if moment < 0:
        raise Refusal(FailCode.NEGATIVE_TIME)
    return moment / 1000


def in_any_order(call: Call, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return rows as they are; under quirks in an order that nobody could rely on."""
    if not call.rules.quirks:
        return rows
    return sorted(rows, key=lambda row: fraction(*_identity(row)))


def _identity(row: Mapping[str, object]) -> tuple[object, ...]:
    return row.get("stationCode"), row.get("devId"), row["collectTime"]
