"""Flags of the command line; one that does not exist is answered with what may have been meant."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

_HABITS = {
    # what other programs call the same
    "port": "--web.listen-address",
    "listen": "--web.listen-address",
    "address": "--web.listen-address",
    "host": "--web.listen-address",
    "bind": "--web.listen-address",
    "p": "--web.listen-address",
    "c": "--config.file",
    "f": "--config.file",
    "debug": "--log.level",
    "verbose": "--log.level",
    "v": "--log.level",
    "quiet": "--log.level",
    "q": "--log.level",
}


class FlagParser(argparse.ArgumentParser):
    """The parser of the program and of each command; no abbreviations."""

    def __init__(self, prog: str | None = None, description: str | None = None, **_: object) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; what is not known ends the program here, so that a command blames itself and not the whole program."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown, found)
        return found, unknown

    def _refuse(self, unknown: Sequence[str], found: argparse.Namespace) -> NoReturn:
        flag, _, value = unknown[0].partition("=")
        if not flag.startswith("-"):
            if "--config.file" in self._option_string_actions:
                self.error(f"{flag!r} stands alone; did you mean --config.file {flag}?")
            self.error(f"{flag!r} is one thing too many")
        if flag == "--config.file" and "file" in found:
            self.error(f"the file needs no flag here; write {self.prog} {value or found.file}")
        near = self._near(flag)
        self.error(f"there is no {flag}; did you mean {near}?" if near else f"there is no {flag}; --help names all")

    def _near(self, flag: str) -> str:
        known = [name for name in self._option_string_actions if name.startswith("--")]
        word = _bare(flag)
        begins = [name for name in known if _bare(name).startswith(word)] if len(word) > 1 else []
        if begins:
            return " or ".join(begins)
        import difflib  # noqa: PLC0415 -- for a mistake alone: healthcheck is asked every few seconds

        by_word = {word: name for word, name in _HABITS.items() if name in known} | {
            _bare(name): name for name in known
        }
        return next((by_word[each] for each in difflib.get_close_matches(word, by_word, n=1)), "")


def _bare(flag: str) -> str:
    """A flag's words run together: ``--log-level`` and ``--log.level`` are the same."""
    return re.sub(r"[-._]", "", flag).casefold()
