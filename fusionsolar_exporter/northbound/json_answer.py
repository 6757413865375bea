"""JSON as the far side writes it, parsed record by record where it is large.

The standard library's parser lets no other thread run until it is done: scrapes would wait for it.
"""

import json
import re
from typing import Any

from fusionsolar_exporter.northbound.bounds import check_content

_LARGE = 64 * 1024  # characters: parsed in under a millisecond
_LEVELS = 2  # envelope and page: each record of a list in them is parsed as a whole
_DECODER = json.JSONDecoder(strict=False)  # which takes control characters inside of texts
_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")


def parse_json(body: bytes, interface: str) -> Any:
    """The value; BoundsError where it would cost too much, another ValueError or RecursionError where it is no JSON."""
    encoding = json.detect_encoding(body)
    text = body.decode(encoding, "replace")
    check_content(body if encoding.startswith("utf-8") else text.encode(), interface)
    value, end = _value(text, _after_space(text, 0), _LEVELS if len(text) > _LARGE else 0)
    if _after_space(text, end) != len(text):
        raise json.JSONDecodeError("more than one value", "", 0)
    return value


def _value(text: str, at: int, levels: int) -> tuple[Any, int]:
    begins = text[at : at + 1] if levels else ""
    if begins == "[":
        return _array(text, at + 1)
    if begins == "{":
        return _object(text, at + 1, levels - 1)
    return _DECODER.raw_decode(text, at)


def _array(text: str, at: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    at = _after_space(text, at)
    if text[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, at = _DECODER.raw_decode(text, at)
        found.append(value)
        at, more = _next(text, at, "]")
        if not more:
            return found, at


def _object(text: str, at: int, levels: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _after_space(text, at)
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        key, at = _DECODER.raw_decode(text, at)
        at = _after_space(text, at)
        if not isinstance(key, str) or text[at : at + 1] != ":":
            raise json.JSONDecodeError("no key", "", 0)
        found[key], at = _value(text, _after_space(text, at + 1), levels)
        at, more = _next(text, at, "}")
        if not more:
            return found, at


def _next(text: str, at: int, end: str) -> tuple[int, bool]:
    """Where the next value begins, or what follows the end; whether there is one."""
    comma = _COMMA.match(text, at)
    if comma is not None:
        return comma.end(), True
    at = _after_space(text, at)
    if text[at : at + 1] != end:
        raise json.JSONDecodeError("no comma", "", 0)
    return at + 1, False


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()
