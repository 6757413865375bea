"""Answers that are JSON for certain, with odd values in them: of bytes that were changed at random few are."""

import json
import marshal
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fuzz_targets import PARSERS, check_parsed

Path = tuple[str | int, ...]
Parse = Callable[[Any], Any]
_TEXTS = (
    "",
    " ",
    "N/A",
    "null",
    "0",
    "-1",
    "1e5",
    "1e999",
    "nan",
    "Infinity",
    "0x1f",
    "1_000",
    "\ud800",
    "\x00\n",
    "☂",
)
_NUMBERS = (0, 1, -1, 2, 3, 512, 65535, -(2**31), 2**53 + 1, 10**30, 1750000000000, 0.5, -0.0, 1e308, 1e999, -1e999)
_OTHERS = (None, True, False, float("nan"), "x" * 600, "9" * 70, "2026-02-30T25:00:00", "2026-07-01T12:00:00+14:00")
_ODD = (*_TEXTS, *_NUMBERS, *_OTHERS)
_EMPTY: tuple[Any, ...] = ([], {}, [[]], [None], {"a": 1}, [{}], {"": None}, [1, "x", 2.5])
_CONTAINERS = tuple(marshal.dumps(one) for one in _EMPTY)
_KEYS = ("", "x", "id", "devId", "stationCode", "plantCode", "dataItemMap", "list", "kpis", "data", "\ud800", "1")


@dataclass(frozen=True)
class _Seed:
    spelt: bytes
    paths: Sequence[Path]
    parse: Parse
    """The one that finds most in it."""


def _paths(tree: object, before: Path = ()) -> Iterator[Path]:
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield (*before, key)
        yield from _paths(value, (*before, key))


class TreeMutations:
    """Never ends; equal seeds give equal inputs. Each is what stands under ``data``, and what parses it."""

    def __init__(self, corpus: Sequence[bytes], seed: int) -> None:
        self._chance = random.Random(seed)
        self._seeds = [self._seed(data) for text in corpus if (data := _data(text)) is not None]

    def _seed(self, data: Any) -> _Seed:
        best = max(PARSERS, key=lambda parse: len(parse(data).items))
        return _Seed(marshal.dumps(data), list(_paths(data)), best)

    def next(self) -> tuple[object, Parse]:
        chance = self._chance
        seed = chance.choice(self._seeds)
        tree = [marshal.loads(seed.spelt)]  # in a list, so that the whole can be replaced too
        for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
            self._change(tree, chance.choice(seed.paths) if seed.paths else ())
        return tree[0], seed.parse if chance.random() < 0.7 else chance.choice(PARSERS)

    def _change(self, tree: list[Any], path: Sequence[Any]) -> None:
        chance = self._chance
        node: Any = tree
        if chance.random() < 0.1:  # now and then all that is around it
            path = path[: chance.randrange(len(path) + 1)]
        *way, last = (0, *path)
        try:
            for key in way:
                node = node[key]
            kind = chance.randrange(10)
            if kind < 6:
                node[last] = chance.choice(_ODD)
            elif kind == 6:
                node[last] = marshal.loads(chance.choice(_CONTAINERS))
            elif isinstance(node, list) and node is not tree:
                node.insert(last, marshal.loads(marshal.dumps(node[last])))
            elif isinstance(node, dict):
                value = node.pop(last)
                if kind > 7:
                    node[chance.choice(_KEYS)] = value
        except (LookupError, TypeError):
            return  # an earlier change has taken that place away


def _data(text: bytes) -> Any:
    try:
        tree = json.loads(text)
    except ValueError:
        return None
    return tree.get("data") if isinstance(tree, dict) else None


def run(data: object, parse: Parse) -> None:
    """Raises only where the product has a mistake."""
    check_parsed(parse(data))


def spelt(data: object) -> bytes:
    """As a file of the corpus of ``parsers``."""
    return json.dumps({"failCode": 0, "data": data}).encode()
