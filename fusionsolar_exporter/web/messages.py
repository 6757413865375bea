"""Requests as the routes see them, and answers as they give them."""

import asyncio
import functools
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from fusionsolar_exporter.printable import printable
from fusionsolar_exporter.rendering.piece import Body, together
from fusionsolar_exporter.web.asgi import Receive, Scope, Send

_ABSOLUTE = re.compile(r"https?://[^/]*", re.IGNORECASE)
"""What an absolute request target (RFC 9112, section 3.2.2) has before its path; it is nobody's but ours."""
MISTAKE = "the answer could not be made; the log says why"
PLAIN = "text/plain; charset=utf-8"
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
FIRST_CHUNK_BYTES = 256 * 1024
LARGEST_CHUNK_BYTES = 1024 * 1024
"""Large answers are handed over in pieces, so that a slow reader holds one piece in the server's buffer."""


@functools.lru_cache(1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


def _without_authority(target: str) -> str:
    found = _ABSOLUTE.match(target)
    return target if found is None else target[found.end() :] or "/"


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request. Its body was read and thrown away: no route takes one."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[bytes, bytes]]

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """Take what the routes need from an ASGI scope."""
        return cls(
            method=scope["method"],
            path=_without_authority(scope["path"]),
            query=scope["query_string"].decode("ascii", "replace"),
            headers=scope["headers"],
        )

    def header(self, name: str) -> str:
        """Give a header's value, those of repeated headers joined by commas; empty where there is none."""
        wanted = name.encode("ascii")
        return ", ".join(value.decode("latin-1") for key, value in self.headers if key == wanted)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer."""

    status: HTTPStatus
    body: bytes | Body
    content_type: str = PLAIN
    headers: Sequence[tuple[str, str]] = ()

    @property
    def content(self) -> Body:
        """The body in its parts."""
        return Body((self.body,), len(self.body)) if isinstance(self.body, bytes) else self.body

    def fields(self) -> Sequence[tuple[bytes, bytes]]:
        """The headers."""
        return [
            (b"content-type", self.content_type.encode("latin-1")),
            (b"content-length", b"%d" % self.content.size),
            (b"date", _date(int(time.time()))),
            *_ALWAYS,
            *((key.encode("latin-1"), value.encode("latin-1")) for key, value in self.headers),
        ]

    async def send(self, send: Send, *, with_body: bool) -> None:
        """Hand the answer to the server; waits whenever the client does not read."""
        await send({"type": "http.response.start", "status": int(self.status), "headers": self.fields()})
        content = self.content
        left = content.size if with_body else 0
        for chunk in chunks(content.parts) if left else (b"",):
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
            if left:
                await asyncio.sleep(0)  # others get their turn, and a client that is gone is noticed


def chunks(parts: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """Large parts cut, without being copied; small ones together.

    They grow with what was taken before: the server has less to do for readers that keep up.
    """
    taken = 0
    for part in together(parts):
        view = memoryview(part)
        while view:
            chunk = view[: min(max(taken, FIRST_CHUNK_BYTES), LARGEST_CHUNK_BYTES)]
            taken += len(chunk)
            yield chunk
            view = view[len(chunk) :]


def plain(status: HTTPStatus, *lines: str, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """Build an answer of plain text lines."""
    body = "".join(f"{printable(line)}\n" for line in lines).encode("utf-8", "replace")
    return Response(status, body, headers=headers)


async def read_body(receive: Receive, limit: int) -> bool:
    """Read the request's body and throw it away; False as soon as it is over ``limit`` bytes.

    :raises ClientGoneError: the client closed the connection.
    """
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise ClientGoneError
        size += len(event.get("body", b""))
        if size > limit:
            return False
        more = event.get("more_body", False)
    return True
