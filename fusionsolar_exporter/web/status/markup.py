"""HTML that cannot forget to escape: every text becomes harmless unless an element of this module made it."""

from collections.abc import Iterable, Sequence
from html import escape

_VOID = frozenset({"meta", "br", "link", "input"})


class Markup(str):
    """HTML that is finished; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Build an element; a trailing underscore in an attribute's name is dropped (``class_``), others become hyphens."""
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Markup:
    """Put parts side by side."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def raw_text(tag: str, content: str) -> Markup:
    """Build an element whose content is not HTML (``style``); only for constants of this package."""
    return Markup(f"<{tag}>{content}</{tag}>")


def foreign(text: str) -> Markup:
    """Isolate a text of somebody else's, so that its writing direction stays its own."""
    return element("bdi", text)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, kind: str = "") -> Markup:
    """Build a table; where there is little room each row becomes a card, with the headings beside its cells."""
    written = [
        element("tr", *(element("td", cell, data_label=heading) for heading, cell in zip(headings, row, strict=True)))
        for row in rows
    ]
    head = element("thead", element("tr", *(element("th", heading, scope="col") for heading in headings)))
    return element(
        "table", element("caption", caption), head, element("tbody", *written), **({"class_": kind} if kind else {})
    )
