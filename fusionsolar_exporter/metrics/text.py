"""Texts of the far side as label values."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def label_value(text: str) -> str:
    """The text as it comes, but lone surrogates, which no encoding has, become U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub(_REPLACEMENT, text)
