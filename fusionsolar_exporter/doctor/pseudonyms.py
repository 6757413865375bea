"""Other names for what must not leave the house: the same for the same, in the order in which they come up.

They are counted, not computed: nobody can find out what stands behind one by trying.
"""

import re
import threading
from enum import StrEnum

from fusionsolar_exporter.northbound.scalars import identifier

_HEX_CODE = re.compile(r"[0-9A-F]{32}", re.IGNORECASE)
_FIRST_ID = 7_875_000_000_000_000  # as long as real ones, exact as a float, and far from any of theirs
_SHORTEST = 3  # characters; a shorter name cannot be told from a part of a word


class Kind(StrEnum):
    """What is renamed."""

    PLANT_CODE = "plant-code"
    PLANT_NAME = "plant"
    DEVICE_ID = "device-id"
    DEVICE_NAME = "device"
    SERIAL_NUMBER = "serial"
    TEXT = "text"
    """Everything else that is not known to be harmless: addresses, people, phone numbers."""
    KEY = "key"


class Pseudonyms:
    """Of one recording. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[Kind, str], str] = {}
        self._counts: dict[Kind, int] = {}

    def of(self, kind: Kind, original: object) -> object:
        """The pseudonym of a text or a number, of the same type; what is empty stays as it is."""
        text = identifier(original)
        if not text:
            return original
        name = self.of_text(kind, text)
        if isinstance(original, str):
            return name
        number = int(name.removeprefix(f"{kind}-"))
        return float(number) if isinstance(original, float) else number

    def of_text(self, kind: Kind, text: str) -> str:
        """The pseudonym of a text."""
        with self._lock:
            known = self._known.get((kind, text))
            if known is None:
                self._counts[kind] = number = self._counts.get(kind, 0) + 1
                known = self._known[kind, text] = _name(kind, text, number)
            return known

    def originals(self) -> dict[str, str]:
        """What was renamed, with its pseudonym, except what is too short to be recognised."""
        with self._lock:
            return {text: name for (_, text), name in self._known.items() if len(text) >= _SHORTEST}


def _name(kind: Kind, text: str, number: int) -> str:
    """In the shape of the original, where servers differ in it."""
    if kind is Kind.DEVICE_ID and text.lstrip("-").isdigit():
        return f"{'-' if text.startswith('-') else ''}{_FIRST_ID + number}"
    if kind is Kind.PLANT_CODE and text.startswith("NE="):
        return f"NE={number:08d}"
    if kind is Kind.PLANT_CODE and _HEX_CODE.fullmatch(text):
        return f"{number:032X}"
    return f"{kind}-{number}"
