"""Answers until the file of their day can be written: one file a request and day."""

import json
import struct
from collections.abc import Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from shutil import rmtree

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
        for folder in sorted(self._of(what, day).iterdir()) if self._of(what, day).is_dir() else ():
            account = bytes.fromhex(folder.name).decode()
            for path in sorted(folder.glob("[!.]*")):  # the others were not written to their end
                for columns in _read(path):
                    yield account, columns

    def drop(self, what: str, day: str) -> None:
        """The file of this day is written."""
        rmtree(self._of(what, day), ignore_errors=True)

    def clear(self) -> None:
        """Nothing of an earlier run is wanted any more."""
        rmtree(self._folder, ignore_errors=True)

    def _of(self, what: str, day: str) -> Path:
        return self._folder / what / day


def _read(path: Path) -> Iterator[Columns]:
    # the numbers stay in the file, however large the fleet is: the system gives their memory back where it is short
    with path.open("rb") as file:
        content = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    (length,) = _LENGTH.unpack_from(content)
    begin = _LENGTH.size + length
    numbers = content[begin:].cast("d")
    start = 0
    for key, keys, rows in json.loads(bytes(content[_LENGTH.size : begin])):
        end = start + Columns.size(keys, rows)
        yield Columns(key, tuple(keys), rows, numbers[start:end])
        start = end
