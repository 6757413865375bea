"""Where in a configuration something stands, written as ``accounts[0].rate_limits.margin``."""

import json
import re
from collections.abc import Sequence
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_PLAIN = re.compile(r"[\w./-]+")
_LONGEST_KEY = 60
_VALUE = re.compile(r"[:=]")
"""What stands between a key and a value whose space was forgotten."""


def render(path: Sequence[str | int]) -> str:
    """Write a path on one line; the whole configuration is ``configuration``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{show_key(part)}" if text else show_key(part)
    return text or "configuration"


def show_key(key: str) -> str:
    """Write a key as it is where that is plain, else quoted and escaped, never at great length, and no value in it."""
    found = _VALUE.search(key)
    end = min(_LONGEST_KEY, len(key) if found is None else found.end())
    short = key if end == len(key) else key[:end] + "..."
    return short if _PLAIN.fullmatch(short) else json.dumps(short)
