"""``${NAME}`` in the texts of a configuration, replaced from the environment."""

import re
from collections.abc import Mapping
from typing import Any

from fusionsolar_exporter.config.paths import Path, render

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def substitute(tree: Any, environ: Mapping[str, str]) -> tuple[Any, list[str]]:
    """Copy a tree of mappings, lists and scalars with every reference replaced; also give what is wrong.

    What a variable holds is taken as it is: references in it stay.
    """
    problems: list[str] = []
    return _replaced(tree, (), environ, problems), problems


def _replaced(value: Any, path: Path, environ: Mapping[str, str], problems: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(item, (*path, key), environ, problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, (*path, index), environ, problems) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        name = match[1]
        if not _NAME.fullmatch(name):
            problems.append(f"{render(path)}: a ${{...}} without the name of an environment variable")
        elif name not in environ:
            problems.append(f"{render(path)}: the environment variable {name} is not set")
        return environ.get(name, "")

    return _REFERENCE.sub(lookup, value)
