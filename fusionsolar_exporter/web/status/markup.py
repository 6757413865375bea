"""HTML that cannot forget to escape: every text becomes harmless unless an element of this module made it."""

from collections.abc import Iterable, Sequence
from html import escape

_VOID = frozenset({"meta", "br", "link", "input"})


class Markup(str):
    """HTML that is finished; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Build an element; a trailing underscore in an attribute's name is dropped (``class_``), others become hyphens."""
    written = "".join(
        [f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()]
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Markup:
    """Put parts side by side."""
    return Markup("".join(map(_safe, children)))


def raw_text(tag: str, content: str) -> Markup:
    """Build an element whose content is not HTML (``style``); only for constants of this package."""
    return Markup(f"<{tag}>{content}</{tag}>")


def foreign(text: str) -> Markup:
    """Isolate a text of somebody else's, so that its writing direction stays its own."""
    return element("bdi", text)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, kind: str = "") -> Markup:
    """Build a table; where there is little room each row becomes a card, with the headings beside its cells."""
    head = element("thead", element("tr", *(element("th", heading, scope="col") for heading in headings)))
    # filled in and not built cell by cell: the most of a page is cells
    opened = [f'<td data-label="{escape(heading)}">' for heading in headings]
    return element(
        "table",
        element("caption", caption),
        head,
        element("tbody", Markup("".join([_row(opened, row) for row in rows]))),
        **({"class_": kind} if kind else {}),
    )


def _row(opened: Sequence[str], cells: Sequence[str]) -> str:
    written = [f"{start}{_safe(cell)}</td>" for start, cell in zip(opened, cells, strict=True)]
    return f"<tr>{''.join(written)}</tr>"


def _safe(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)
