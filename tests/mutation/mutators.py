"""Small mistakes as people make them, found in the syntax tree of a module: each is one change of its text."""

import ast
import copy
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_CALCULATED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
_JOINED: Mapping[type[ast.boolop], type[ast.boolop]] = {ast.And: ast.Or, ast.Or: ast.And}


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake in it."""

    kind: str
    first: int
    """First and last line of what is changed."""
    last: int
    text: str
    """The whole module."""

    def diff(self, before: str) -> str:
        """What differs, line by line."""
        lines = difflib.unified_diff(before.splitlines(), self.text.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if line[:2] not in {"--", "++", "@@"})


def mutants(text: str) -> Iterator[Mutant]:
    """Every mistake there is for this module, in the order of its lines."""
    places = _Places(text)
    for node in _nodes(ast.parse(text)):
        for kind, changed in _changes(node):
            yield Mutant(kind, node.lineno, node.end_lineno or node.lineno, places.put(node, changed))


_Node = ast.expr | ast.stmt


def _nodes(tree: ast.AST) -> Iterator[_Node]:
    """All but annotations, decorators, imports, and what is inside of texts, whose places are not known."""
    for name, value in ast.iter_fields(tree):
        if name in {"annotation", "returns", "decorator_list", "bases"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr) or _is_for_types(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            yield from _nodes(child)


def _is_for_types(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: _Node) -> Iterator[tuple[str, ast.AST]]:
    for kind, change in _MUTATORS.items():
        for changed in change(node):
            yield kind, changed


def _comparison(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            for other in _COMPARED[type(operator)]:
                changed = copy.deepcopy(node)
                changed.ops[at] = other()
                yield changed


def _and_or(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(_JOINED[type(node.op)](), node.values)


def _negation(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        changed = copy.copy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _constant(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int | float):
            yield ast.Constant(node.value + 1)


def _arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _CALCULATED:
        changed = copy.copy(node)
        changed.op = _CALCULATED[type(node.op)]()
        yield changed


def _returned(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))


def _removed(node: ast.AST) -> Iterator[ast.AST]:
    """Calls for their effect, and what is kept elsewhere than in a local name: without those, everything breaks."""
    assigned = (
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    )
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    if (
        called
        or isinstance(node, ast.Delete | ast.Raise | ast.AugAssign)
        or (assigned and all(isinstance(target, ast.Attribute | ast.Subscript) for target in assigned))
    ):
        yield ast.Pass()


def _loop(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()


def _default(node: ast.AST) -> Iterator[ast.AST]:
    """``get(x, 0)`` and ``max(..., default=0)`` are constants; here what is ``or`` another."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        yield from node.values[:1]


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


_MUTATORS: Mapping[str, Callable[[ast.AST], Iterator[ast.AST]]] = {
    "comparison": _comparison,
    "and/or": _and_or,
    "negation": _negation,
    "constant": _constant,
    "arithmetic": _arithmetic,
    "returned": _returned,
    "removed": _removed,
    "loop": _loop,
    "default": _default,
}
KINDS = tuple(_MUTATORS)


class _Places:
    """Where in the text, which the tree counts in bytes of lines, things are."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        self._lines = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def put(self, node: _Node, changed: ast.AST) -> str:
        """The text with another node in the place of this one, whose other parts keep their form where they can."""
        if isinstance(node, ast.If | ast.While) and isinstance(changed, ast.If | ast.While):
            node, changed = node.test, changed.test  # the body stays as it is written
        start = self._lines[node.lineno - 1] + node.col_offset
        end = self._lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        written = ast.unparse(ast.fix_missing_locations(changed))
        written = written if isinstance(changed, ast.stmt) else f"({written})"
        return (self._bytes[:start] + written.encode() + self._bytes[end:]).decode()
