"""Mistakes of YAML in plain words, with the line that has them. What stands behind a key is never shown."""

import re

import yaml

_QUOTES = "a quotation mark without its end; a text with one inside needs the other kind around it"
_BEHIND_QUOTES = "text behind a closing quotation mark; a text with one inside needs the other kind around it"
_BRACKETS = "a bracket ({ or [) without its end, or a comma is missing"
_INDENTED = "indented otherwise than the lines that it belongs to"
_BACKSLASH = "a backslash inside of double quotes; single quotes take it as it is"
_SIGN = "a text that begins with a sign of YAML's own needs quotes"
_COLON = "a line without a colon; expected a key, a colon and a value"
_ANCHOR = "an anchor of the same name a second time"
_WORDS = {  # by how PyYAML's own words begin
    "found character '\\t'": "a tab; YAML takes spaces alone, for indentation and before a value",
    "found character": _SIGN,
    "found unexpected end of stream": _QUOTES,
    "found unknown escape character": _BACKSLASH,
    "expected escape sequence": _BACKSLASH,
    "mapping values are not allowed here": "a colon too many: quote a text that has one, or mend the indentation",
    "sequence entries are not allowed here": "a list (-) where none may begin; expected it on lines of its own",
    "could not find expected ':'": _COLON,
    "expected <block end>, but found '<scalar>'": _BEHIND_QUOTES,
    "expected <block end>": _INDENTED,
    "expected ','": _BRACKETS,
    "expected the node content": "a value is missing, or begins with a sign that needs quotes",
    "expected alphabetic or numeric character": _SIGN,
    "expected chomping": _SIGN,
    "expected a comment or a line break": _SIGN,
    "found undefined alias": "an alias without its anchor; a text that begins with * needs quotes",
    "found duplicate anchor": _ANCHOR,
    "first occurrence": _ANCHOR,
    "second occurrence": _ANCHOR,
    "found undefined tag handle": "tags (!name) have no meaning here; a text that begins with ! needs quotes",
    "duplicate tag handle": "tags (!name) have no meaning here",
    "but found another document": "a second document; expected one",
}
_AT_ITS_BEGINNING = (_QUOTES, _BRACKETS, _COLON)
"""What is noticed only later, if not at the end of the file."""
_KEY = re.compile(r"([\s-]*[A-Za-z_]+)\s*:(?!\S)")
_LONGEST_KEY = 60


def describe(error: yaml.MarkedYAMLError, text: str) -> str:
    """Say where it is, what it is, and as much of the line as is nobody's secret."""
    own = " ".join(str(error.problem or error.context).split())
    words = next((known for start, known in _WORDS.items() if own.startswith(start)), own)
    marks = (error.context_mark, error.problem_mark)
    mark = (marks[0] or marks[1]) if words in _AT_ITS_BEGINNING else (marks[1] or marks[0])
    if mark is None:
        return words
    return f"line {mark.line + 1}, column {mark.column + 1}: {words}{_shown(text, mark.line)}"


def _shown(text: str, number: int) -> str:
    lines = text.splitlines()
    key = _KEY.match(lines[number]) if number < len(lines) else None
    if key is None or len(key[1]) > _LONGEST_KEY:
        return ""
    behind = "" if key.end() == len(lines[number].rstrip()) else " ..."
    return " (the line: " + key[1].replace("\t", "\\t") + f":{behind})"
