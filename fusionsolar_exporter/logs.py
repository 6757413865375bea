"""Logs: one line an event, in logfmt or JSON, without secrets.

Each line has ``ts`` (RFC 3339, UTC), ``level`` and ``msg``, then the event's own keys in the order they were given.
Libraries that log come out in the same form, from WARNING on.
"""

import json
import logging
import re
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

from fusionsolar_exporter.secret_text import SecretText

LOGGER_NAME = "fusionsolar_exporter"
_LEVEL_NAMES = {logging.DEBUG: "debug", logging.INFO: "info", logging.WARNING: "warn"}
_BARE = re.compile(r'[^\s"=\\]+')
_NOT_IN_KEYS = re.compile(r"[^\w./-]", re.ASCII)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class LogLevel(StrEnum):
    """The least level that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line is written."""

    LOGFMT = "logfmt"
    JSON = "json"


class EventLogger:
    """Writes events: a message that never varies, and what varies as fields."""

    def __init__(self, name: str = LOGGER_NAME) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, msg: str, /, **fields: object) -> None:
        """Write what only a developer wants to know."""
        self._logger.debug(msg, extra={"fields": fields})

    def info(self, msg: str, /, **fields: object) -> None:
        """Write what happens in the normal course."""
        self._logger.info(msg, extra={"fields": fields})

    def warning(self, msg: str, /, **fields: object) -> None:
        """Write what the exporter copes with, and a person may want to mend."""
        self._logger.warning(msg, extra={"fields": fields})

    def error(self, msg: str, /, **fields: object) -> None:
        """Write what needs a person; an exception among the fields comes out as its text."""
        self._logger.error(msg, extra={"fields": fields})


class _Redaction:
    """Secrets by owner, and what takes them out of texts; readers take the newest of the latter without a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, frozenset[str]] = {}
        self._text: SecretText | None = None

    def register(self, owner: str, secrets: Iterable[str]) -> None:
        with self._lock:
            self._secrets[owner] = frozenset(secrets)
            self._text = None  # made when it is needed: hundreds of accounts register one after the other

    def apply(self, text: str) -> str:
        known = self._text
        if known is None:
            with self._lock:
                known = self._text = self._text or SecretText(frozenset[str]().union(*self._secrets.values()))
        return known.without(text)


_redaction = _Redaction()


def redact(owner: str, secrets: Iterable[str]) -> None:
    """Keep these secrets out of every line from now on, in the place of those that ``owner`` named before.

    Secrets of fewer than four characters are not looked for. Safe from any thread.
    """
    _redaction.register(owner, secrets)


def without_secrets(text: str) -> str:
    """The text with every secret that is kept out of the log replaced."""
    return _redaction.apply(text)


class _Formatter(logging.Formatter):
    """Gives the one line of a record; tracebacks only where the level is debug."""

    def __init__(self, log_format: LogFormat, *, tracebacks: bool) -> None:
        super().__init__()
        self._json = log_format is LogFormat.JSON
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        head = {
            "ts": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": _LEVEL_NAMES.get(record.levelno, "error"),
        }
        event = {_NOT_IN_KEYS.sub("_", key): value for key, value in self._event(record).items()}
        shown = {**head, **{key: _shown(value) for key, value in event.items()}}
        return json.dumps(shown) if self._json else _logfmt(shown)

    def _event(self, record: logging.LogRecord) -> dict[str, object]:
        fields: Mapping[str, object] = getattr(record, "fields", {})
        event: dict[str, object] = {"msg": record.getMessage(), **fields}
        if record.exc_info and record.exc_info[1] is not None:
            event.setdefault("error", record.exc_info[1])
        failure = next((value for value in event.values() if isinstance(value, BaseException)), None)
        if failure is not None and self._tracebacks:
            event["traceback"] = "".join(traceback.format_exception(failure))
        return event


def _shown(value: object) -> str | int | float | bool | None:
    """Give a value as both formats take it, without secrets; numbers stay numbers."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value)
    clean = _redaction.apply(text)
    if isinstance(value, BaseException):
        clean = " ".join(clean.split()) or type(value).__name__
    is_number = isinstance(value, int | float) and clean == text and text not in {"nan", "inf", "-inf"}
    return value if is_number and isinstance(value, int | float) else clean


def _logfmt(event: Mapping[str, object]) -> str:
    return " ".join(
        f"{key}={_quoted(str(value)) if key == 'msg' else _logfmt_value(value)}" for key, value in event.items()
    )


def _logfmt_value(value: object) -> str:
    text = json.dumps(value) if value is None or isinstance(value, bool) else str(value)
    return text if _BARE.fullmatch(text) and text.isprintable() else _quoted(text)


def _quoted(text: str) -> str:
    """Quote as JSON does, leaving every printable character readable."""
    escaped = (_ESCAPES.get(char) or (char if char.isprintable() else json.dumps(char)[1:-1]) for char in text)
    return f'"{"".join(escaped)}"'


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Lose a line that cannot be written: logging's own way prints the record, secrets included."""


_handler: logging.Handler | None = None


def configure(level: str, format: str, stream: TextIO) -> None:  # noqa: A002  the flag's name
    """Write every line to ``stream`` from now on, in the place of what an earlier call set up.

    ``level`` is one of debug, info, warn, error and ``format`` logfmt or json; else :class:`ValueError`.
    """
    global _handler  # noqa: PLW0603  logging itself is one per process
    least, log_format = LogLevel(level), LogFormat(format)
    handler = _Handler(stream)
    handler.setFormatter(_Formatter(log_format, tracebacks=least is LogLevel.DEBUG))
    number = logging.getLevelNamesMapping()[least.upper()]
    root = logging.getLogger()
    if _handler is not None:
        root.removeHandler(_handler)
    root.addHandler(handler)
    _handler = handler
    root.setLevel(max(number, logging.WARNING))
    logging.getLogger(LOGGER_NAME).setLevel(number)
    logging.captureWarnings(capture=True)
