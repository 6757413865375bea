"""Takes secrets out of texts, however a server or a library has spelt them there.

A secret may come back as it is, in a URL, in JSON, in HTML, in a representation, or in one of these inside another:
each of its characters is looked for in all of its spellings.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from html.entities import codepoint2name
from itertools import groupby

SHORTEST_SECRET = 4
"""Characters. A shorter secret is left in: replacing it would tear words apart everywhere, and so betray it."""
INSTEAD = "<secret>"

_PLAIN_RUN = re.compile("[0-9A-Za-z]+")
_LATIN_1 = range(0x80, 0x100)
_BACKSLASH = "\\"
_ESCAPED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


class SecretText:
    """Knows some secrets. Immutable, so that any thread may use it."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        # one may be a part of another
        self._longest_first = sorted(known, key=lambda secret: (-len(secret), secret))
        self._marks = {_mark(secret) for secret in known}

    def without(self, text: str) -> str:
        """The text with something else in the place of every secret."""
        if not any(mark in text for mark in self._marks):  # as a rule; compiling takes milliseconds, at every login
            return text
        return self._pattern.sub(INSTEAD, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_pattern, self._longest_first)))


def _mark(secret: str) -> str:
    """What is in every spelling of a secret; empty where nothing is."""
    return max(_PLAIN_RUN.findall(secret), key=len, default="")


def _pattern(secret: str) -> str:
    runs = ((char, len(list(run))) for char, run in groupby(secret))
    return "".join(_run(char, times) for char, times in runs)


def _run(char: str, times: int) -> str:
    if char == _BACKSLASH:  # each escaping doubles them
        return f"(?:\\\\{{{times},}}|(?:{'|'.join(_spellings(char))}){{{times}}})"
    if char.isascii() and char.isalnum():  # nobody spells those otherwise
        return char * times
    return f"(?:{'|'.join((re.escape(char), *_spellings(char)))}){{{times}}}"


def _spellings(char: str) -> Iterator[str]:
    code = ord(char)
    yield rf"\\+{re.escape(_ESCAPED.get(char, char))}"
    yield _any_case(r"\\+u" + r"\\+u".join(f"{unit:04x}" for unit in _units(char)))
    yield _any_case(rf"\\+(?:x{code:02x}|U{code:08x})")
    yield _any_case("".join(f"%(?:25)*{byte:02x}" for byte in char.encode(errors="surrogatepass")))
    if code in _LATIN_1:
        yield _any_case(f"%(?:25)*{code:02x}")
    if char == " ":
        yield r"\+"
    name = codepoint2name.get(code, "apos" if char == "'" else "")
    yield _any_case(rf"&(?:amp;)*#(?:0*{code}|x0*{code:x});")
    if name:
        yield rf"&(?:amp;)*{name};"


def _units(char: str) -> Iterable[int]:
    encoded = char.encode("utf-16-be", errors="surrogatepass")
    return (int.from_bytes(encoded[start : start + 2], "big") for start in range(0, len(encoded), 2))


def _any_case(pattern: str) -> str:
    return f"(?i:{pattern})"
