"""Which parts read what: an answer speaks of some ids, and a large fleet has thousands of parts."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.cache import Edition
from fusionsolar_exporter.metrics.part import Part


class Readers:
    """The places of an account's parts, by what they read and of which ids."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._places: dict[str, list[int]] = {}
        self._read_whole = {name for part in parts if part.ids is None for name in part.reads}
        for place, part in enumerate(parts):
            for name in part.reads:
                self._places.setdefault(name, []).append(place)
        self._by_id: dict[str, Mapping[str, tuple[int, ...]]] = {}

    def of(self, name: str, now: object, before: object) -> set[int]:
        """The places of the parts for which it can matter that what has this name was ``before`` and is ``now``."""
        places = self._places.get(name, ())
        changed = now.changed_since(before) if isinstance(now, Edition) else None
        if changed is None or len(changed) > len(places) or name in self._read_whole:
            return set(places)
        by_id = self._by_id.get(name)
        if by_id is None:
            by_id = self._by_id[name] = self._index(name)
        return {place for key in changed for place in by_id.get(key, ())}

    def _index(self, name: str) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        shared: dict[tuple[int, ...], tuple[int, ...]] = {}  # neighbours are read by the same parts
        for place in self._places[name]:
            for key in self._parts[place].ids or ():
                places = (*found.get(key, ()), place)
                found[key] = shared.setdefault(places, places)
        return found
