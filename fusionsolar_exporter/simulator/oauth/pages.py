"""The pages that a browser sees on the way to a code."""

from collections.abc import Mapping
from html import escape

from fusionsolar_exporter.simulator.answers import SimulatedAnswer

_HEAD = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>'
    "body{{font:16px/1.5 sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#222}}"
    "input,button{{font:inherit;padding:.4rem .6rem}}label{{display:block;margin:.6rem 0}}"
    "code{{word-break:break-all;background:#eee;padding:.2rem}}"
    "</style></head><body><h1>{title}</h1>"
)


def consent_page(client_id: str, scope: str, hidden: Mapping[str, str], problem: str = "") -> SimulatedAnswer:
    """Return the page on which an owner signs in and agrees, or does not."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    return _page(
        200,
        "Authorise access",
        f"<p>The client <code>{escape(client_id)}</code> asks for <code>{escape(scope)}</code>.</p>"
        f"<p><strong>{escape(problem)}</strong></p>"
        f'<form method="post">{fields}'
        '<label>Owner <input name="owner" autocomplete="username"></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password"></label>'
        '<button name="decision" value="agree">Agree</button> <button name="decision" value="decline">Decline</button>'
        "</form><p>This is a simulated management system: no real plant is behind it.</p>",
    )


def refused_page(problem: str) -> SimulatedAnswer:
    """Return the page for a request that must not be answered with a redirect."""
    return _page(400, "This request is not valid", f"<p>{escape(problem)}</p>")


ARRIVED = (
    "The address of this page, as it stands in the browser's bar, is what `fusionsolar-exporter authorize` waits for."
)


def arrived_page(words: str) -> SimulatedAnswer:
    """Return the page at the end of the way, for a redirect address that leads here."""
    return _page(200, "Done", f"<p>{escape(words)}</p>")


def _page(status: int, title: str, body: str) -> SimulatedAnswer:
    html = f"{_HEAD.format(title=escape(title))}{body}</body></html>"
    return SimulatedAnswer(
        status, {"Content-Type": "text/html;charset=UTF-8", "Cache-Control": "no-store"}, html.encode()
    )
