"""PV strings that have ever carried voltage or current: inverters report every input, fitted or not."""

from collections.abc import Collection, Mapping

from fusionsolar_exporter.metrics.routes import Routes

_NONE: frozenset[str] = frozenset()


class FittedStrings:
    """Remembers the fitted strings of every inverter of one account for as long as it is listed."""

    def __init__(self) -> None:
        self._strings: dict[str, frozenset[str]] = {}

    def observe(self, device_id: str, values: Mapping[str, float], routes: Routes) -> Collection[str]:
        """Take note of the strings that are live in a reading; return all the fitted ones of the device."""
        fitted = self._strings.get(device_id, _NONE)
        routed = (routes[key] for key, value in values.items() if value)
        live = {route.string for route in routed if route is not None and route.string}
        if not live <= fitted:
            self._strings[device_id] = fitted = fitted | live
        return fitted

    def keep(self, device_ids: Collection[str]) -> None:
        """Forget every other device."""
        for gone in self._strings.keys() - set(device_ids):
            del self._strings[gone]
