"""Rows that were answered, until the file of their day can be written: one file a request and day."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import rmtree

from fusionsolar_exporter.backfill.folder import unusable, write_whole
from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.model import DatedReading, Reading
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.refresh.persistence.records import read_readings, readings_record

_FOLDER = ".parts"
_BEGIN, _END = "@begin", "@end"


class Parts:
    """Beside the files of an output folder. Moments are Unix seconds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def put(self, what: str, day: str, account: str, key: str, rows: Sequence[tuple[DatedReading, float]]) -> None:
        """Keep rows of one day, each with the moment that it stands at."""
        folder = self._of(what, day) / account.encode().hex()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(folder, error) from None
        readings = [
            Reading(row.id, Values([(_BEGIN, row.begin), (_END, end), *row.values.items()])) for row, end in rows
        ]
        write_whole(folder / key, readings_record((), readings, Freshness(0.0, 0.0), 0.0))

    def of(self, what: str, day: str) -> Iterator[tuple[str, list[tuple[DatedReading, float]]]]:
        """The rows of a day, request by request, with their accounts; in an order that does not tell when they came."""
        for folder in sorted(self._of(what, day).iterdir()) if self._of(what, day).is_dir() else ():
            account = bytes.fromhex(folder.name).decode()
            for path in sorted(folder.glob("[!.]*")):  # the others were not written to their end
                yield account, list(_rows(path))

    def drop(self, what: str, day: str) -> None:
        """The file of this day is written."""
        rmtree(self._of(what, day), ignore_errors=True)

    def clear(self) -> None:
        """Nothing of an earlier run is wanted any more."""
        rmtree(self._folder, ignore_errors=True)

    def _of(self, what: str, day: str) -> Path:
        return self._folder / what / day


def _rows(path: Path) -> Iterator[tuple[DatedReading, float]]:
    _, readings = read_readings(path.read_bytes())
    for reading in readings:
        values = dict(reading.values)
        begin, end = values.pop(_BEGIN), values.pop(_END)
        yield DatedReading(reading.id, begin, values), end
