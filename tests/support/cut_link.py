"""What stands between a process and a server: passes bytes on until it is cut."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

_PIECE = 65536


class CutLink:
    """A context manager. While it is cut, connections end, and new ones end at once."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cut = False
        self._ended = False

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._cut = False

    def _accept(self) -> None:
        while not self._ended:
            front, _ = self._listening.accept()
            try:
                behind = socket.create_connection(("127.0.0.1", self._behind))
            except OSError:
                front.close()
                continue
            with self._lock:
                if self._cut:
                    front.close()
                    behind.close()
                    continue
                self._open |= {front, behind}
            for one, other in ((front, behind), (behind, front)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(_PIECE):
                other.sendall(piece)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(one)
        one.close()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self.cut()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass  # whoever accepts it sees that all is over
        self._listening.close()
