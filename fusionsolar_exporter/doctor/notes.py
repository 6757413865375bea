"""What is odd at an account without being refused: units, signs, and what no table knows."""

import re
from collections.abc import Iterator

from fusionsolar_exporter.doctor.report import AccountFindings
from fusionsolar_exporter.web.formatting import counted

_KEYS_SHOWN = 8


def notes(account: AccountFindings) -> Iterator[str]:
    """Each in a sentence or two."""
    for doubt in account.doubtful_units:
        yield (
            f"{doubt.key} of type {doubt.device_type_id} ({doubt.device_type}) is about {doubt.ratio:,.3g} times "
            f"voltage x current, at {doubt.devices} of {counted(doubt.judged, 'device')}: its unit is probably another "
            "one. If the metric is wrong too, add to this account: kpi_overrides: "
            f"[{{device_type_id: {doubt.device_type_id}, key: {doubt.key}, scale: {doubt.scale:g}}}]"
        )
    for sign in account.doubtful_signs:
        of_some = f", plants: [{', '.join(map(_pattern, sign.plants))}]" if sign.plants else ""
        yield (
            f"{sign.key} of type {sign.device_type_id} ({sign.device_type}) seems to count the other way round, at "
            f"{sign.found} of {counted(sign.judged, 'plant')} that can be judged. At {sign.plant} {sign.evidence}. Add "
            "to this account, before other entries for the key: kpi_overrides: "
            f"[{{device_type_id: {sign.device_type_id}, key: {sign.key}, scale: {sign.scale:g}{of_some}}}]"
        )
    unknown = [each for each in account.device_types if not each.documented]
    if unknown:
        names = ", ".join(f"{each.device_type_id} ({counted(each.devices, 'device')})" for each in unknown)
        yield f"device types that the reference does not name: {names}"
    keys: dict[str, list[str]] = {}
    for found in account.undocumented_keys:
        subject = "plants" if found.device_type_id is None else f"type {found.device_type_id} ({found.device_type})"
        keys.setdefault(subject, []).append(found.key)
    for subject, names_of in keys.items():
        more = f" and {len(names_of) - _KEYS_SHOWN:,} more" if len(names_of) > _KEYS_SHOWN else ""
        yield f"keys that are not in the reference, of {subject}: {', '.join(names_of[:_KEYS_SHOWN])}{more}"


def _pattern(code: str) -> str:
    """As a regular expression in YAML."""
    escaped = re.escape(code).replace("'", "''")
    return f"'{escaped}'"
