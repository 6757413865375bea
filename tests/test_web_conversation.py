"""What is said on a connection is what h11 alone would say, also where requests repeat what was read before."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusionsolar_exporter.web.conversation import Conversation, KnownRequests

HEAD_BYTES = 600
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
Answer = tuple[int, Sequence[tuple[bytes, bytes]]]

REQUESTS = (
    SCRAPE,
    SCRAPE.replace(b"/metrics", b"/-/healthy"),
    b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    b"GET /" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"nonsense\r\n\r\n",
    b"\r\n",
)
ANSWERS: Sequence[Answer] = (
    (200, ((b"content-length", b"5"),)),
    (200, ((b"content-length", b"5"), (b"date", b"now"), (b"connection", b"close"))),
    (200, ((b"content-length", b"4"),)),
    (200, ((b"content-length", b"6"),)),
    (200, ()),
    (404, ((b"content-length", b"5"),)),
    (500, ()),
)
BODY = b"12345"


@dataclass
class Driver:
    """Does with a connection what uvicorn does."""

    conn: h11.Connection | Conversation
    answers: list[Answer]
    seen: list[object] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    over: bool = False
    waits: bool = False
    """Whether a request was read to its end."""
    method: bytes = b""

    def receive(self, data: bytes) -> None:
        """Read what arrived, and as far as that goes what was held back."""
        if not self.over:
            self.conn.receive_data(data)
            self._told(self._read)

    def answer(self) -> None:
        """Answer what waits, and what then waits as well."""
        while self.waits and not self.over:
            self.waits = False
            self._told(self._answer)

    def _told(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
            self.seen.append(type(error))
            self.over = True

    def _read(self) -> None:
        while True:
            event = self.conn.next_event()
            self.seen.append((event, self.conn.their_state is h11.MUST_CLOSE))
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Request):
                self.method = event.method
                self.seen.append(self.conn.they_are_waiting_for_100_continue)
            if isinstance(event, h11.EndOfMessage):
                self.waits = True
                if self.conn.their_state is h11.MUST_CLOSE:
                    return

    def _answer(self) -> None:
        status, headers = self.answers.pop(0)
        self._send(h11.Response(status_code=status, headers=list(headers), reason=b"told"))
        self._send(h11.Data(data=b"" if self.method == b"HEAD" else BODY))
        self._send(h11.EndOfMessage())
        if self.conn.our_state is h11.MUST_CLOSE:
            self._send(h11.ConnectionClosed())
            self.over = True
            return
        assert (self.conn.our_state, self.conn.their_state) == (h11.DONE, h11.DONE)
        self.conn.start_next_cycle()
        self._read()

    def _send(self, event: h11.Event) -> None:
        self.sent += self.conn.send(event) or b""


@dataclass(frozen=True)
class Talk:
    """What is said on one connection."""

    exchanges: Sequence[tuple[bytes, Answer]]
    cuts: Sequence[int] = ()
    """Where the requests are cut; without any each arrives by itself."""
    late: int = 0
    """How many more pieces arrive before what waits is answered."""

    def pieces(self) -> Sequence[bytes]:
        requests = [request for request, _ in self.exchanges]
        if not self.cuts:
            return requests
        text = b"".join(requests)
        places = sorted({0, len(text), *(min(cut, len(text)) for cut in self.cuts)})
        return [text[start:end] for start, end in itertools.pairwise(places)]

    def by(self, conn: h11.Connection | Conversation) -> Driver:
        """What comes of it."""
        driver = Driver(conn, [answer for _, answer in self.exchanges] + [ANSWERS[0]] * 9)
        for number, piece in enumerate(self.pieces()):
            driver.receive(piece)
            if number % (self.late + 1) == self.late:
                driver.answer()
        driver.answer()
        return driver


EXCHANGES = st.tuples(st.just(SCRAPE) | st.sampled_from(REQUESTS), st.sampled_from(ANSWERS))
TALKS = st.builds(
    Talk, st.lists(EXCHANGES, max_size=6), st.just(()) | st.lists(st.integers(0, 200), max_size=4), st.integers(0, 2)
)
LEARNT = Talk([(SCRAPE, ANSWERS[0])])


@given(st.lists(TALKS))
@example([LEARNT, Talk([(SCRAPE, ANSWERS[0])] * 5, late=2)])
@example([LEARNT, Talk([(SCRAPE, ANSWERS[5]), (SCRAPE, ANSWERS[1]), (SCRAPE, ANSWERS[0])])])
@example(
    [LEARNT, *(Talk([(SCRAPE, answer), (SCRAPE, ANSWERS[0])], late=late) for answer in ANSWERS for late in (0, 1))]
)
@example([LEARNT, Talk([(SCRAPE, ANSWERS[0]), (REQUESTS[1], ANSWERS[0])], late=1), Talk([(REQUESTS[1], ANSWERS[0])])])
@example([Talk([(SCRAPE, ANSWERS[0])] * 2, cuts=[200])] * 2)
@example([Talk([(SCRAPE, ANSWERS[0])] * 2, cuts=[len(SCRAPE) + 9])] * 2)
def test_nobody_can_tell_it_from_h11(talks: list[Talk]) -> None:
    known = KnownRequests()
    for talk in talks:
        ours, theirs = talk.by(Conversation(known, HEAD_BYTES)), talk.by(h11.Connection(h11.SERVER, HEAD_BYTES))
        assert ours.seen == theirs.seen
        if theirs.seen[-1:] == [h11.LocalProtocolError]:  # the head of an answer that fails waits for its body
            assert theirs.sent.startswith(ours.sent)
        else:
            assert ours.sent == theirs.sent


def test_a_request_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownRequests()
    LEARNT.by(Conversation(known, HEAD_BYTES))

    def fails(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(h11.Connection, "receive_data", fails)
    assert Talk([(SCRAPE, ANSWERS[0])] * 2).by(Conversation(known, HEAD_BYTES)).sent.count(BODY) == 2


@pytest.mark.parametrize("text", [*REQUESTS[3:6], *REQUESTS[8:12]])
def test_what_changes_its_connection_is_not_remembered(text: bytes) -> None:
    known = KnownRequests()
    driver = Talk([(text, ANSWERS[0])]).by(Conversation(known, HEAD_BYTES))
    assert BODY in driver.sent
    assert known.get(text) is None


def test_the_oldest_requests_make_room() -> None:
    known = KnownRequests()
    requests = [SCRAPE.replace(b"/metrics", b"/%d" % number) for number in range(50)]
    for request in requests:
        Talk([(request, ANSWERS[0])]).by(Conversation(known, HEAD_BYTES))
    assert [known.get(each) is None for each in requests] == [True] * 18 + [False] * 32


def test_large_heads_are_not_remembered() -> None:
    known = KnownRequests()
    request = SCRAPE.replace(b"/metrics", b"/" + b"a" * 4096)
    Talk([(request, ANSWERS[0])]).by(Conversation(known, 64 * 1024))
    assert known.get(request) is None
