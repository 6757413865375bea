"""How an exporter is asked for its health."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Protocol


class Connect(Protocol):
    """Makes a connection."""

    def __call__(self, host: str, port: int, *, timeout: float) -> HTTPConnection:
        """Not opened yet."""
        ...


@dataclass(frozen=True)
class Asking:
    """How to ask."""

    connect: Connect
    scheme: str
    headers: Mapping[str, str]
    is_alive: Callable[[Exception], bool]
    """Whether a failure shows that the exporter works, and only refuses who asks."""
