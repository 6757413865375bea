"""Reads the parameters of a request and refuses what is missing, too much or wrong (section 10)."""

import json
from collections.abc import Mapping

from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

MAX_IDS = 100


def parse_body(body: bytes) -> dict[str, object] | None:
    """Return the JSON object of a body, empty for an empty body; None where it is anything else."""
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def text(parameters: Mapping[str, object], name: str) -> str:
    """Return a text parameter, empty where it is missing or null; numbers become texts."""
    value = parameters.get(name)
    return "" if value is None else str(value).strip()


def listed(parameters: Mapping[str, object], name: str, limit: int, too_many: FailCode) -> tuple[str, ...]:
    """Return the parts of a list with commas, once each; refuses more than ``limit``."""
    whole = text(parameters, name)
    parts = "".join(whole.split()).split(",") if " " in whole else whole.split(",")
    if "" in parts:
        parts = [part for part in parts if part]
    if len(parts) > limit:
        raise Refusal(too_many)
    return tuple(dict.fromkeys(parts))


def whole_number(parameters: Mapping[str, object], name: str) -> int | None:
    """Return an integer given as a number or a text; None where there is none."""
    value = text(parameters, name)
    try:
        return int(value) if value else None
    except ValueError:
        raise Refusal(FailCode.PARAMETER_INCORRECT) from None


def required_number(parameters: Mapping[str, object], name: str, missing: FailCode) -> int:
    """Return an integer that must be there; refuses with ``missing``."""
    value = whole_number(parameters, name)
    if value is None:
        raise Refusal(missing)
    return value


def plant_codes(parameters: Mapping[str, object]) -> tuple[str, ...]:
    """Return at most 100 plant codes of ``stationCodes``; empty where there are none."""
    return listed(parameters, "stationCodes", MAX_IDS, FailCode.TOO_MANY_PLANTS)


def required_plant_codes(parameters: Mapping[str, object]) -> tuple[str, ...]:
    """Return 1 to 100 plant codes."""
    codes = plant_codes(parameters)
    if not codes:
        raise Refusal(FailCode.PLANT_LIST_EMPTY)
    return codes


def serial_numbers(parameters: Mapping[str, object]) -> tuple[str, ...]:
    """Return at most 100 serial numbers of ``sns``; empty where there are none."""
    return listed(parameters, "sns", MAX_IDS, FailCode.TOO_MANY_DEVICES)
