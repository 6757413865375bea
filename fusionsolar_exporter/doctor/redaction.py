"""Takes out of requests and answers what belongs to people and places.

It works by what may stay, not by what must go: under a key that is not known to be harmless every text and number is
replaced. Measurements stay as they are: they are what a report is about.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fusionsolar_exporter.doctor.pseudonyms import Kind, Pseudonyms
from fusionsolar_exporter.secret_text import SecretText

_KINDS: Mapping[str, Kind] = {
    "plantCode": Kind.PLANT_CODE,
    "stationCode": Kind.PLANT_CODE,
    "stationCodes": Kind.PLANT_CODE,
    "plantName": Kind.PLANT_NAME,
    "stationName": Kind.PLANT_NAME,
    "id": Kind.DEVICE_ID,
    "devId": Kind.DEVICE_ID,
    "devIds": Kind.DEVICE_ID,
    "devName": Kind.DEVICE_NAME,
    "esnCode": Kind.SERIAL_NUMBER,
    "sn": Kind.SERIAL_NUMBER,
    "sns": Kind.SERIAL_NUMBER,
}
_LISTED = frozenset({"stationCodes", "devIds", "sns"})
"""Several in one text, with commas between."""
_FIXED = {"userName": "user", "systemCode": "password", "xsrfToken": "token"}
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "success failCode errorCode currentTime pageCount pageNo pageSize total capacity gridConnectionDate "
        "buildState combineType aidType devTypeId devTypes causeId alarmType alarmId raiseTime lev levels status "
        "beginTime endTime language ",
    )
)
"""Keys whose numbers, and texts without letters' meaning, stay."""
_WORDS = frozenset({"message", "exceptionInfo", "data", "alarmName", "invType", "model", "softwareVersion"})
"""Keys whose texts stay, except for the names in them."""
_VALUES = "dataItemMap"
_SENSITIVE = re.compile(r"lat|lon|phone|tel|mail|addr|person|user|name|esn|token|^sn$|id$", re.IGNORECASE)
_PLAIN_TEXT = re.compile(r"[\w.:,+-]{0,40}", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?\d*\.?\d+([eE][+-]?\d+)?\s*", re.ASCII)
_KEY = re.compile(r"[A-Za-z_]+(\d{1,3}[A-Za-z_]*)*", re.ASCII)
_LONGEST_KEY = 64
_E_MAIL = re.compile(r"\S+@\S+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[ -]?\d){7,}")


class Redactor:
    """One account's; ``secrets`` are host, user, password and the like. Pseudonyms are shared between accounts."""

    def __init__(self, pseudonyms: Pseudonyms, secrets: Iterable[str]) -> None:
        self._pseudonyms = pseudonyms
        self._secrets = set(secrets)
        self._secret_text = SecretText(self._secrets)
        self._hidden: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    def remember(self, secret: str) -> None:
        """One more secret: a token."""
        self._secrets.add(secret)
        self._secret_text = SecretText(self._secrets)

    def redact(self, tree: Any) -> Any:
        """A copy of JSON without names, places, people and secrets."""
        self._tree(tree, "", measured=False)  # so that names are known wherever they stand in it
        self._hidden = self._pseudonyms.originals()
        self._seen.clear()
        return self._tree(tree, "", measured=False)

    def _tree(self, value: Any, key: str, *, measured: bool) -> Any:
        if isinstance(value, dict):
            inside = measured or key == _VALUES
            return {self._key(name): self._tree(item, name, measured=inside) for name, item in value.items()}
        if isinstance(value, list):
            return [self._tree(item, key, measured=measured) for item in value]
        if value is None or isinstance(value, bool):
            return value
        return self._value(value, key) if measured else self._scalar(value, key)

    def _key(self, key: str) -> str:
        if len(key) <= _LONGEST_KEY and _KEY.fullmatch(key):
            return self._hidden.get(key, self._secret_text.without(key))
        return self._pseudonyms.of_text(Kind.KEY, key)

    def _value(self, value: Any, key: str) -> Any:
        """A measurement: numbers stay, whatever their key, unless it sounds like a place or a person."""
        if not _SENSITIVE.search(key) and (not isinstance(value, str) or _NUMBER.fullmatch(value)):
            return value
        return self._unknown(value)

    def _scalar(self, value: Any, key: str) -> Any:
        if key in _FIXED:
            return f"<{_FIXED[key]}>"
        if key in _LISTED and isinstance(value, str):
            return ",".join(str(self._pseudonyms.of(_KINDS[key], part)) for part in value.split(","))
        if key in _KINDS:
            return self._pseudonyms.of(_KINDS[key], value)
        if isinstance(value, str):
            if key in _WORDS:
                return self._words(value)
            plain = key in _PLAIN and _PLAIN_TEXT.fullmatch(value)
            return self._nameless(value) if plain else self._unknown(value)
        return value if key in _PLAIN else self._unknown(value)

    def _unknown(self, value: Any) -> Any:
        if not isinstance(value, str):
            return type(value)(0)
        if not value.strip() or value == "N/A":
            return value
        return "0" if _NUMBER.fullmatch(value) else self._pseudonyms.of_text(Kind.TEXT, value)

    def _words(self, text: str) -> str:
        """A text of the far side's own."""
        return _LONG_NUMBER.sub("<number>", _E_MAIL.sub("<mail>", self._nameless(text)))

    def _nameless(self, text: str) -> str:
        """A text without the names and secrets in it."""
        clean = self._seen.get(text)
        if clean is None:
            clean = self._secret_text.without(text)
            for hidden in sorted((hidden for hidden in self._hidden if hidden in text), key=len, reverse=True):
                clean = clean.replace(hidden, self._hidden[hidden])
            self._seen[text] = clean
        return clean
