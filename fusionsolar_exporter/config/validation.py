"""A plain tree into a :class:`Config`, or into lines that say what is wrong with it."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fusionsolar_exporter.config.errors import ConfigError
from fusionsolar_exporter.config.models import Config
from fusionsolar_exporter.config.paths import Path as KeyPath
from fusionsolar_exporter.config.paths import render, show_key

_WORDS = {
    "missing": "missing; this key is mandatory",
    "model_type": "not a mapping; expected keys and values",
}


M = TypeVar("M", bound=BaseModel)


def validate(tree: Any, directory: Path, doubts: Sequence[str] = ()) -> Config:
    """Check a tree; relative paths in it start at ``directory``. ``doubts`` of its text become warnings.

    Raises :class:`ConfigError`.
    """
    return validate_as(Config, tree, directory, doubts)


def validate_as(model: type[M], tree: Any, directory: Path, doubts: Sequence[str] = ()) -> M:
    """Check a tree against another model."""
    try:
        return model.model_validate(tree, context={"directory": directory, "doubts": tuple(doubts)})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    raise ConfigError(_line(detail, model) for detail in details)


def _line(detail: ErrorDetails, model: type[BaseModel]) -> str:
    path = tuple(part for part in detail["loc"] if part != "[key]")  # pydantic's mark on errors of keys
    kind = detail["type"]
    if kind == "config":
        return f"{render((*path, *detail['ctx']['at']))}: {detail['msg']}"
    if kind == "extra_forbidden":
        return f"{render(path)}: {_unknown_key(path, model)}"
    return f"{render(path)}: {_WORDS.get(kind, detail['msg'])}"


def _unknown_key(path: KeyPath, model: type[BaseModel]) -> str:
    if ":" in str(path[-1]):
        return "unknown key; a space is missing behind its colon"
    known = list(_model_at(path[:-1], model).model_fields)
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    if near:
        return f"unknown key; did you mean {show_key(near[0])}?"
    return f"unknown key; known here: {', '.join(known)}"


def _model_at(path: KeyPath, root: type[BaseModel]) -> type[BaseModel]:
    found: Any = root
    for part in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            found = found.model_fields[str(part)].annotation
            if get_origin(found) is UnionType:
                found = get_args(found)[0]  # a section that may be left out
        else:
            found = get_args(found)[0 if isinstance(part, int) else 1]  # the item of a tuple, the value of a mapping
    model: type[BaseModel] = found
    return model
