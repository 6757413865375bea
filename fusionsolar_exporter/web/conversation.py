"""HTTP/1.1 on one connection, as h11 speaks it; a request that repeats the bytes of another is not read anew.

A client says the same at each scrape, and reading it takes h11 a fifth to a third of an answer's processor time.
"""

from http import HTTPStatus

import h11

_REMEMBERED = 32
_LARGEST_HEAD = 4096
"""Bytes of a head that is remembered."""
_READS = (b"GET", b"HEAD")
_CONSEQUENTIAL = frozenset({b"connection", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
"""What comes next on the connection depends on these headers: that is h11's to know."""

_END = h11.EndOfMessage()
_BETWEEN = {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}

Said = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class KnownRequests:
    """Requests without a body that h11 has read, by their bytes; the oldest make room."""

    def __init__(self) -> None:
        self._requests: dict[bytes, h11.Request] = {}

    def get(self, head: bytes) -> h11.Request | None:
        """Give what was read from the same bytes."""
        return self._requests.get(head)

    def learn(self, head: bytes, request: h11.Request) -> None:
        """Remember what was read from exactly these bytes, unless more follows from it than an answer."""
        plain = request.method in _READS and request.http_version == b"1.1" and len(head) <= _LARGEST_HEAD
        if plain and _CONSEQUENTIAL.isdisjoint(name for name, _ in request.headers):
            self._requests[head] = request
            if len(self._requests) > _REMEMBERED:
                del self._requests[next(iter(self._requests))]


class _Repeated:
    """A request that was read before, and its answer."""

    def __init__(self, head: bytes, request: h11.Request) -> None:
        self.received = bytearray(head)
        """Also what its client says before it is answered."""
        self.answered = False
        self._head_bytes = len(head)
        self._has_body = request.method != b"HEAD"
        self._unread: list[h11.Event] = [_END, request]
        self._left = 0

    @property
    def later(self) -> bytes:
        """What came behind the request."""
        return bytes(self.received[self._head_bytes :])

    def next_event(self) -> Said:
        """As ``h11.Connection.next_event``."""
        if self._unread:
            return self._unread.pop()
        return h11.PAUSED if len(self.received) > self._head_bytes else h11.NEED_DATA

    def begin(self, response: h11.Response) -> list[bytes] | None:
        """Give an answer's head; None where its connection has to know more of it than how long it is."""
        headers = response.headers.raw_items()
        told = [each for each in headers if each[0].lower() in _CONSEQUENTIAL]
        if response.status_code != HTTPStatus.OK or len(told) != 1 or told[0][0].lower() != b"content-length":
            return None
        self._left = int(told[0][1]) if self._has_body else 0
        return [b"HTTP/1.1 200 %s\r\n" % response.reason, *[b"%s: %s\r\n" % each for each in headers], b"\r\n"]

    def go_on(self, event: h11.Event) -> list[bytes]:
        """Give what is sent of an answer's body.

        :raises h11.LocalProtocolError: it is not as long as its head says.
        """
        if isinstance(event, h11.Data):
            self._left -= len(event.data)
        ended = isinstance(event, h11.EndOfMessage)
        if self._left < 0 or (ended and self._left):
            raise h11.LocalProtocolError("the answer is not as long as its head says")
        self.answered |= ended
        return [event.data] if isinstance(event, h11.Data) else []


class Conversation:
    """What uvicorn asks of an ``h11.Connection``.

    An answer's head is given together with the beginning of its body: two sends would wake a client twice.
    """

    def __init__(self, known: KnownRequests, head_bytes: int) -> None:
        self._h11 = h11.Connection(h11.SERVER, head_bytes)
        self._known = known
        self._fresh: bytes | None = None
        """What arrived at once, and began with a request; until that was read to its end."""
        self._request: h11.Request | None = None
        """What h11 made of its beginning."""
        self._repeated: _Repeated | None = None
        self._head: list[bytes] = []

    @property
    def our_state(self) -> type[object]:
        """As ``h11.Connection.our_state``."""
        if self._repeated is None:
            return self._h11.our_state
        return h11.DONE if self._repeated.answered else h11.SEND_BODY

    @property
    def their_state(self) -> type[object]:
        """As ``h11.Connection.their_state``."""
        return self._h11.their_state if self._repeated is None else h11.DONE

    @property
    def they_are_waiting_for_100_continue(self) -> bool:
        """As ``h11.Connection.they_are_waiting_for_100_continue``."""
        return self._repeated is None and self._h11.they_are_waiting_for_100_continue

    def receive_data(self, data: bytes) -> None:
        """Take what arrived."""
        if self._repeated is not None:
            self._repeated.received += data
            return
        begins = self._h11.states == _BETWEEN and not self._h11.trailing_data[0]
        head = bytes(data) if begins else None
        request = None if head is None else self._known.get(head)
        if head is None or request is None:
            self._fresh = head
            self._h11.receive_data(data)
        else:
            self._repeated = _Repeated(head, request)

    def next_event(self) -> Said:
        """Give what the client says next.

        :raises h11.RemoteProtocolError: that is no HTTP.
        """
        if self._repeated is not None:
            return self._repeated.next_event()
        event = self._h11.next_event()
        if isinstance(event, h11.Request):
            self._request = event
        elif isinstance(event, h11.EndOfMessage):
            if self._fresh is not None and self._request is not None and not self._h11.trailing_data[0]:
                self._known.learn(self._fresh, self._request)
            self._fresh = None
        return event

    def start_next_cycle(self) -> None:
        """Go on to the next request."""
        if self._repeated is None:
            self._h11.start_next_cycle()
            return
        later = self._repeated.later
        self._repeated = None
        if later:
            self.receive_data(later)

    def send(self, event: h11.Event) -> bytes:
        """Give what to send now; after a head nothing yet.

        :raises h11.LocalProtocolError: this cannot be said now.
        """
        if not isinstance(event, h11.Response):
            head, self._head = self._head, []
            return b"".join((*head, *self._given(event)))
        begun: list[bytes] | None = None
        if self._repeated is not None:
            begun = self._repeated.begin(event)
            if begun is None:
                self._by_h11(self._repeated)
        self._head = self._given(event) if begun is None else begun
        return b""

    def _given(self, event: h11.Event) -> list[bytes]:
        if self._repeated is not None:
            return self._repeated.go_on(event)
        return self._h11.send_with_data_passthrough(event) or []  # None for the end of a connection

    def _by_h11(self, repeated: _Repeated) -> None:
        """Let h11 read a request after all."""
        self._repeated = None
        self._h11.receive_data(bytes(repeated.received))
        while self._h11.their_state is not h11.DONE:
            self._h11.next_event()
