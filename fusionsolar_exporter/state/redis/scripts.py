"""What runs inside Redis: the files ``*.lua`` beside this one; ``common.lua`` says what is kept under which key."""

from importlib.resources import files

PREFIX = "fusionsolar_exporter:1:"
"""Of every key; the number is the version of what is kept under it."""


def _read(name: str) -> str:
    return (files(__package__) / f"{name}.lua").read_text(encoding="utf-8")


NOW = _read("now")
"""How a script learns the time."""
STARTED = _read("started")
"""How a script learns since when Redis has run."""
_HEAD = NOW + _read("common")

TAKE = _HEAD + STARTED + _read("take")
WRITE = _HEAD + _read("write")
READ = _HEAD + _read("read")
RENEW = _HEAD + _read("renew")
RELEASE = _HEAD + _read("release")
