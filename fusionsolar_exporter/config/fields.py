"""The kinds of value that the configuration's models are made of, each with its own words for what is wrong."""

import math
import re
import string
import warnings
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from fusionsolar_exporter.config.durations import parse_duration
from fusionsolar_exporter.config.errors import problem

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_DIGITS = 18  # of a whole number: what is reckoned with it has to fit into a float


class Section(BaseModel):
    """A mapping of the configuration: frozen, without unknown keys; a key with no value counts as not given.

    Built in code, a duration may be given in seconds, as a float.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, data: Any) -> Any:
        if data is None:
            return {}
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
        return data


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise problem("not a text; expected a text, in quotes where it looks like a number, yes or no")
    if not value:
        raise problem("empty; expected a text")
    if _SURROGATE.search(value):
        raise problem("not valid text (half of a surrogate pair)")
    return value


def bare(text: str) -> str:
    """A name or a password without what editors, shells and Windows put around it."""
    return text.strip("\ufeff" + string.whitespace)


def _bare_text(value: Any) -> str:
    return _text(bare(value) if isinstance(value, str) else value)


def _flag(value: Any) -> bool:
    flag = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(flag, bool):
        raise problem("not a truth value; expected true or false")
    return flag


def _number(value: Any) -> float:
    number: float = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
    if not math.isfinite(number) or number == 0:
        raise problem("not a factor; expected a finite number other than 0")
    return number


def _whole(least: int) -> Callable[[Any], int]:
    def validate(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(f"[0-9]{{1,{_MOST_DIGITS}}}", value):
            return _whole(least)(int(value))
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 10**_MOST_DIGITS:
            raise problem(f"not a number that fits; expected a whole number, {least} or more")
        return value

    return validate


def _seconds(value: Any, info: ValidationInfo) -> float:
    if info.context is None and isinstance(value, float):
        return value  # built in code, not read from a file
    if not isinstance(value, str) and not (type(value) is int and value == 0):
        raise problem("not a duration; expected one with its unit, for example 500ms, 30s, 5m or 1h30m")
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise problem(str(error)) from None


def _positive_seconds(value: Any, info: ValidationInfo) -> float:
    seconds = _seconds(value, info)
    if seconds <= 0:
        raise problem("a duration of 0; expected a longer one")
    return seconds


def _word_or_seconds(word: str) -> Callable[[Any, ValidationInfo], float | None]:
    def validate(value: Any, info: ValidationInfo) -> float | None:
        if value == word:
            return None
        try:
            return _positive_seconds(value, info)
        except PydanticCustomError as error:
            raise problem(f"{error.message()}, or {word}") from None

    return validate


def _pattern(value: Any) -> re.Pattern[str]:
    text = _text(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(text)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        detail = str(error) if isinstance(error, re.error | Warning) else "too large"
        raise problem(f"not a regular expression ({' '.join(detail.split())})") from None


def _path(value: Any, info: ValidationInfo) -> Path:
    text = _text(value)
    if "\0" in text:
        raise problem("not a path; expected the name of a file")
    return from_file(text, info)


def from_file(text: str, info: ValidationInfo) -> Path:
    """A path that starts, where it is relative, at the directory of the file that names it."""
    return Path((info.context or {}).get("directory", ""), text)


def _readable(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise problem(f"{str(path)!r} cannot be read: {error.strerror}") from None
    return path


def one_of(choices: type[StrEnum]) -> BeforeValidator:
    """Make a validator for a closed list of words."""

    def validate(value: Any) -> StrEnum:
        if value not in choices.__members__.values():
            raise problem(f"not a known value; expected one of {', '.join(choices)}")
        return choices(value)

    return BeforeValidator(validate)


def sequence_of(what: str) -> BeforeValidator:
    """Make a validator that lets only lists through, and says what is to be in them."""

    def validate(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise problem(f"not a list; expected a list of {what}")
        return value

    return BeforeValidator(validate)


Text = Annotated[str, BeforeValidator(_text)]
BareText = Annotated[str, BeforeValidator(_bare_text)]
SecretText = Annotated[SecretStr, BeforeValidator(_bare_text)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Factor = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_whole(0))]
PositiveCount = Annotated[int, BeforeValidator(_whole(1))]
Duration = Annotated[float, BeforeValidator(_seconds)]
PositiveDuration = Annotated[float, BeforeValidator(_positive_seconds)]
AutoDuration = Annotated[float | None, BeforeValidator(_word_or_seconds("auto"))]
AllOrDuration = Annotated[float | None, BeforeValidator(_word_or_seconds("all"))]
FilePath = Annotated[Path, BeforeValidator(_path)]
ReadableFile = Annotated[FilePath, AfterValidator(_readable)]
Patterns = Annotated[
    tuple[Annotated[re.Pattern[str], BeforeValidator(_pattern)], ...], sequence_of("regular expressions")
]
