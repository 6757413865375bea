"""What every part is told to log with: the one shape of an event, whoever writes it down."""

from typing import Protocol


class Log(Protocol):
    """Where events go: a message that never varies, and its fields."""

    def debug(self, msg: str, /, **fields: object) -> None:
        """What only a developer wants to know."""
        ...

    def info(self, msg: str, /, **fields: object) -> None:
        """What happens in the normal course."""
        ...

    def warning(self, msg: str, /, **fields: object) -> None:
        """What the exporter copes with, and a person may want to mend."""
        ...

    def error(self, msg: str, /, **fields: object) -> None:
        """What needs a person; an exception among the fields comes out as its text."""
        ...
