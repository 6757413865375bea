"""YAML text into a plain tree, stricter than YAML: no duplicate keys, no tags, no cycles, no bombs.

Messages name line, column and key, and never repeat what stands behind it: it may be a password.
"""

from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from fusionsolar_exporter.config.errors import ConfigError
from fusionsolar_exporter.config.paths import show_key
from fusionsolar_exporter.config.yaml_words import describe

_LARGEST_TREE = 100_000
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_TEXT = f"{_TAG}str"
_SCALARS = frozenset({_TEXT, *(_TAG + kind for kind in ("int", "float", "bool", "null"))})


class _Loader(yaml.SafeLoader):
    """YAML's safe loader; a date stays a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  PyYAML declares it so
        first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse_document(text: str, source: str) -> Any:
    """Give mappings, lists and scalars of a YAML document; ``source`` names it in messages.

    Raises :class:`ConfigError`.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        tree = None if root is None else _Builder(loader).build(root)[0]
    except yaml.MarkedYAMLError as error:
        raise ConfigError([f"{source}: {describe(error, text)}"]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError([f"{source}: line {line}: a character that YAML does not allow"]) from None
    except RecursionError:
        raise ConfigError([f"{source}: nested too deeply"]) from None
    if tree is None:
        raise ConfigError([f"{source}: empty; expected at least the key accounts"])
    return tree


class _Builder:
    """Builds the tree. A node that aliases share is built once, and counted as often as it appears."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._built: dict[Node, tuple[Any, int]] = {}
        self._open: set[Node] = set()

    def build(self, node: Node) -> tuple[Any, int]:
        """Give the value of a node and how many values it holds, itself included."""
        if node in self._built:
            return self._built[node]
        if node in self._open:
            raise _refused(node, "an alias inside what it stands for")
        self._open.add(node)
        built: tuple[Any, int]
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            built = self._mapping(node)
        elif isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            items = [self.build(item) for item in node.value]
            built = [value for value, _ in items], self._sized(node, [size for _, size in items])
        elif isinstance(node, ScalarNode) and node.tag in _SCALARS:
            built = self._scalar(node), 1
        else:
            raise _refused(node, "tags (!name) have no meaning here; a text that begins with ! needs quotes")
        self._open.discard(node)
        self._built[node] = built
        return built

    def _mapping(self, node: MappingNode) -> tuple[dict[str, Any], int]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode) or key.tag not in {_TEXT, _MERGE}:
                raise _refused(key, "a key that is no text; {...} and odd keys need quotes")
            if key.value in seen:
                raise _refused(key, f"duplicate key {show_key(key.value)}")
            seen.add(key.value)
        size = self._sized(node, [self.build(value)[1] for _, value in node.value])
        self._loader.flatten_mapping(node)  # <<, after its cost is known
        return {key.value: self.build(value)[0] for key, value in node.value}, size

    def _scalar(self, node: ScalarNode) -> Any:
        try:
            return self._loader.construct_object(node)
        except (ValueError, KeyError):
            raise _refused(node, "a number or truth value that cannot be read") from None

    def _sized(self, node: Node, sizes: list[int]) -> int:
        size = 1 + sum(sizes)
        if size > _LARGEST_TREE:
            raise _refused(node, f"more than {_LARGEST_TREE} values once aliases are followed")
        return size


def _refused(node: Node, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark)
