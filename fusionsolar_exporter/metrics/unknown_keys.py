"""Keys that no table knows, and how many of them an account may bring."""

import threading
from collections.abc import Collection

from fusionsolar_exporter.metrics.text import label_value


class KeyGate:
    """Lets the first so many distinct keys of one account through, for one scrape, and counts what it holds back."""

    def __init__(self, admitted: dict[str, str], limit: int, lock: threading.Lock) -> None:
        self._admitted = admitted
        self._limit = limit
        self._lock = lock
        self.cut = 0
        """Series held back."""

    def label(self, key: str) -> str | None:
        """The key as a label value; None where it is held back."""
        label = label_value(key)
        holder = self._admitted.get(label)
        if holder is None:
            with self._lock:
                if len(self._admitted) < self._limit:
                    holder = self._admitted.setdefault(label, key)
        if holder == key:
            return label
        # no room, or another key that differs in lone surrogates only has this label
        self.cut += 1
        return None


class UnknownKeys:
    """Remembers which keys were let through, so that series do not come and go between scrapes."""

    def __init__(self) -> None:
        self._admitted: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def gate(self, account: str, limit: int) -> KeyGate:
        """The gate of an account for one scrape."""
        return KeyGate(self._admitted.setdefault(account, {}), limit, self._lock)

    def keep(self, accounts: Collection[str]) -> None:
        """Forget every other account."""
        for gone in set(self._admitted).difference(accounts):
            self._admitted.pop(gone, None)
