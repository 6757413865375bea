"""PV strings that have ever carried voltage or current: inverters report every input, fitted or not."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES


@dataclass(slots=True)
class _Seen:
    snapshot: Snapshot | None = None
    strings: dict[str, set[str]] = field(default_factory=dict)


class FittedStrings:
    """Remembers the fitted strings of every inverter for as long as it is listed."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def observe(self, account: str, snapshot: Snapshot) -> Mapping[str, Collection[str]]:
        """Take note of the strings that are live in the snapshot; return the fitted ones by device id."""
        with self._lock:
            seen = self._seen.setdefault(account, _Seen())
            if seen.snapshot is not snapshot:
                # a new mapping, since another scrape may be reading the old one
                seen.strings = {
                    device_id: seen.strings.get(device_id, set()) | _live(snapshot, device_id, device.type_id)
                    for device_id, device in snapshot.devices.items()
                    if device.type_id in INVERTER_TYPES
                }
                seen.snapshot = snapshot
            return seen.strings

    def keep(self, accounts: Collection[str]) -> None:
        """Forget every other account."""
        with self._lock:
            self._seen = {account: seen for account, seen in self._seen.items() if account in accounts}


def _live(snapshot: Snapshot, device_id: str, type_id: int) -> set[str]:
    reading = snapshot.device_readings.get(device_id)
    if reading is None:
        return set()
    targets = (device_target(type_id, key) for key, value in reading.values.items() if value)
    return {target.string for target in targets if target is not None and target.string}
