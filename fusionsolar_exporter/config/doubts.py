"""What a configuration file says and probably does not mean: seen in its text, gone from its values."""

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fusionsolar_exporter.config.durations import parse_duration
from fusionsolar_exporter.config.paths import Path, render

_SECRETS = frozenset({"password", "client_secret"})
_REFERENCE = "${"
_COMMENT = re.compile(r"[^\S\n]+#")
_ODD_DURATION = re.compile(r"(?=.*[0-9](?:[ywdhs]|m(?!s))[0-9]).*ms", re.ASCII)
_READABLE_BY_OTHERS = 0o004


def doubts(text: str, mode: int) -> tuple[str, ...]:
    """Lines about a document that can be parsed, in a file of this mode. No line repeats a value."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return tuple(line for path, node in _scalars(root, (), set()) for line in _of(path, node, text, mode))


def _scalars(node: Node | None, path: Path, seen: set[int]) -> Iterator[tuple[Path, ScalarNode]]:
    if node is None or id(node) in seen:  # aliases: once is enough
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*path, key.value), seen)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*path, index), seen)
    elif isinstance(node, ScalarNode):
        yield path, node


def _of(path: Path, node: ScalarNode, text: str, mode: int) -> Iterator[str]:
    if path and path[-1] in _SECRETS and _REFERENCE not in node.value:
        if node.style is None and _COMMENT.match(text, node.end_mark.index):
            yield f"{render(path)}: ends before the #, where a comment begins; one with # in it needs quotes"
        if mode & _READABLE_BY_OTHERS:
            yield (
                f"{render(path)}: stands in a file that every user of this machine can read; its mode is better 0600, "
                f"or the secret in a file of its own ({path[-1]}_file)"
            )
    elif _ODD_DURATION.fullmatch(node.value) and _is_duration(node.value):
        yield f"{render(path)}: ends in ms, milliseconds; in s, if seconds are meant"


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except ValueError:
        return False
    return True
