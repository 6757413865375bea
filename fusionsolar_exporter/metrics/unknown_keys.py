"""Keys that no table knows, and how many of them an account may bring."""

from fusionsolar_exporter.metrics.text import label_value


class KeyGate:
    """Lets the first so many distinct keys of one account through and counts what it holds back.

    It remembers which keys were let through, so that series do not come and go.
    """

    def __init__(self, limit: int) -> None:
        self._admitted: dict[str, str] = {}
        self._limit = limit
        self.cut = 0
        """Series held back since the gate was made."""

    def label(self, key: str) -> str | None:
        """The key as a label value; None where it is held back."""
        label = label_value(key)
        holder = self._admitted.get(label)
        if holder is None and len(self._admitted) < self._limit:
            holder = self._admitted.setdefault(label, key)
        if holder == key:
            return label
        # no room, or another key that differs in lone surrogates only has this label
        self.cut += 1
        return None
