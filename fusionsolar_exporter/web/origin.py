"""Whether a request that changes something comes from a page of another site."""

from urllib.parse import urlsplit

from fusionsolar_exporter.web.messages import Request

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_foreign(request: Request) -> bool:
    """Compare ``Origin``, which browsers send with every POST, with ``Host``; programs send no ``Origin``."""
    origin = request.header("origin").strip().lower()
    if not origin:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    port = _DEFAULT_PORTS.get(parts.scheme)
    if port is None or not parts.netloc:
        return True
    return parts.netloc.removesuffix(port) != request.header("host").strip().lower().removesuffix(port)
