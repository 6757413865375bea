"""What is wrong with a configuration, in lines that a person can act on.

No message carries a configured value, since a value may be a secret in the wrong place; keys and paths suffice.
"""

from collections.abc import Iterable
from pathlib import Path

from pydantic_core import PydanticCustomError


class ConfigError(Exception):
    """A configuration that cannot be used; ``problems`` has one line for each thing to mend."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def in_file(path: Path, problems: Iterable[str]) -> tuple[str, ...]:
    """The same lines, each with the file's name once."""
    name = f"{path}: "
    return tuple(line if line.startswith(name) else name + line for line in problems)


class CredentialsUnavailable(Exception):  # noqa: N818  it is a state that passes when the file comes back
    """A file with a username or password that cannot be used; the message names the file, never its content."""


def problem(text: str, *at: str | int) -> PydanticCustomError:
    """Make the error that a validator raises; ``at`` leads on from the validated value to the culprit."""
    return PydanticCustomError("config", "{text}", {"text": text, "at": at})
