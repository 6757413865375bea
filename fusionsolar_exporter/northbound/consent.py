"""The way of an owner's consent through a browser: the address to open, and the address at which it ended."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from fusionsolar_exporter.northbound.oauth import READING_SCOPE

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 16_384  # characters of an address


class ConsentError(Exception):
    """An address that brings no code: what is wrong with it, and what to do."""


def consent_address(authorize_url: str, client_id: str, redirect_uri: str, state: str) -> str:
    """Where the owner agrees."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": READING_SCOPE,
        "state": state,
    }
    return f"{authorize_url}{'&' if urlsplit(authorize_url).query else '?'}{urlencode(query)}"


def code_of(response: str, redirect_uri: str, is_ours: Callable[[str], bool]) -> str:
    """The code in the address at which the browser ended; ConsentError where it is not the answer to one of ours."""
    address = response.strip().strip("\"'<>").strip()
    try:
        found, expected = _place(address), _place(redirect_uri)
        query = parse_qs(urlsplit(address).query)
    except ValueError:
        found, expected, query = "", "", {}
    if not found or len(address) > _LONGEST:
        raise ConsentError(
            "this is no address: copy the whole text of the browser's address bar, which begins with redirect_uri and "
            "has code= and state= in it, also where the page could not be loaded"
        )
    # the host may be shown; what follows the question mark may not
    if found != expected:
        raise ConsentError(
            f"the address begins with {found}, but redirect_uri is {redirect_uri}: they have to be the same to the "
            "letter, slashes included, here and where the client is registered"
        )
    if "error" in query:
        told = ": ".join(query[name][0] for name in ("error", "error_description") if name in query)
        raise ConsentError(f"the owner's system answered {told[:200]!r}: open the printed address again, and agree")
    if not {"code", "state"} <= query.keys():
        raise ConsentError("the address has no code= and state= in it: copy it whole, right after the owner agreed")
    if not is_ours(query["state"][0]):
        raise ConsentError(
            "the address does not belong to what was printed for this account: it is another account's, or over an "
            "hour old; open the newest printed address, and agree again"
        )
    return query["code"][0]


def _place(address: str) -> str:
    """An address without its query, as browsers write it; empty where it is none."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return ""
    name = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return urlunsplit((parts.scheme, f"{name}{port}", parts.path or "/", "", ""))
