"""What a session needs of whoever sends requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from fusionsolar_exporter.northbound.auth import NOBODY, Auth
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TimedAnswer(Generic[T]):
    """An answer with failCode 0, and when its request started and ended."""

    content: T
    started: float
    ended: float


class Asks(Protocol):
    """Sends one request."""

    def ask(
        self,
        interface: Interface,
        send: Callable[[Client], Answer[T]],
        *,
        auth: Auth = NOBODY,
        early: bool = False,
        starts: Callable[[float], object],
    ) -> TimedAnswer[T]:
        """Write the request down, tell ``starts`` its moment, send it.

        NorthboundError where it brings no data; NotLeadingError where it must not be sent.
        """
        ...
