"""Answers until the file of their day can be written: one file a request and day."""

import json
import struct
from collections.abc import Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from shutil import copyfileobj, rmtree
from tempfile import TemporaryFile
from typing import IO

from fusionsolar_exporter.backfill.columns import Columns
from fusionsolar_exporter.backfill.folder import unusable, write_whole

_FOLDER = ".parts"
_LENGTH = struct.Struct("=Q")


class Parts:
    """Beside the files of an output folder: a head of JSON each, and numbers as this machine has them behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def put(self, what: str, day: str, account: str, key: str, columns: Sequence[Columns]) -> None:
        """Keep what a request brought of one day."""
        folder = self._of(what, day) / account.encode().hex()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(folder, error) from None
        head = json.dumps([(some.id, some.keys, some.rows) for some in columns]).encode("ascii")
        write_whole(folder / key, b"".join((_LENGTH.pack(len(head)), head, *(some.numbers for some in columns))))

    def of(self, what: str, day: str) -> Iterator[tuple[str, Columns]]:
        """All of a day with its account; in an order that does not tell when it came."""
        folder = self._of(what, day)
        if not folder.is_dir():
            return
        try:
            # one file for all of them: a large fleet has more parts than files may be open
            with TemporaryFile(dir=self._folder) as together:
                heads = [(path.parent.name, _copied(path, together)) for path in _parts(folder)]
                numbers = _mapped(together)
        except OSError as error:
            raise unusable(folder, error) from None
        start = 0
        for account, head in heads:
            for key, keys, rows in head:
                end = start + Columns.size(keys, rows)
                yield bytes.fromhex(account).decode(), Columns(key, tuple(keys), rows, numbers[start:end])
                start = end

    def drop(self, what: str, day: str) -> None:
        """The file of this day is written."""
        rmtree(self._of(what, day), ignore_errors=True)

    def clear(self) -> None:
        """Nothing of an earlier run is wanted any more."""
        rmtree(self._folder, ignore_errors=True)

    def _of(self, what: str, day: str) -> Path:
        return self._folder / what / day


def _parts(folder: Path) -> Iterator[Path]:
    for of_account in sorted(folder.iterdir()):
        yield from sorted(of_account.glob("[!.]*"))  # the others were not written to their end


def _copied(path: Path, together: IO[bytes]) -> list[tuple[str, list[str], int]]:
    """The head of a part, whose numbers are written behind those of the others."""
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        head: list[tuple[str, list[str], int]] = json.loads(file.read(length))
        copyfileobj(file, together)
    return head


def _mapped(file: IO[bytes]) -> "memoryview[float]":
    """Numbers that stay in their file: the system gives their memory back where it is short."""
    file.flush()
    return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ) if file.tell() else b"").cast("d")
