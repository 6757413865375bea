"""What a backfill writes in a second, and how much memory it needs: ``python -m benchmarks.backfill [--days N ...]``.

So many inverters with a value of each key every five minutes: numbers with two decimals, a thousand different ones of
each key. Their rows come in answers of three days and ten inverters; what is measured is all that a backfill does from
there on: sorting them by day, keeping them on disk until their day is whole, reading them again, and writing the file
of the day. Asking, and reading JSON, is not part of it. Each number of days has a process of its own, whose peak of
memory is that of its longest moment.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from fusionsolar_exporter.backfill.columns import columns_of
from fusionsolar_exporter.backfill.day_file import AccountSeries, DayFile
from fusionsolar_exporter.backfill.options import DEVICE_HISTORY
from fusionsolar_exporter.backfill.parts import Parts
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.backfill.rows import rows_by_day
from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.labels import account_labels
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.northbound.interfaces import DAY, HISTORY_IDS_PER_CALL, Interface
from fusionsolar_exporter.northbound.model import DatedReading, Device, Plant
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.scales import ScaleOverrides

_NAME, _PLANT, _TYPE = "default", "NE=1", 38
_STEP = 300.0
_DAYS_A_CALL = 3
_BEGIN = 1_750_032_000.0
_KEYS = (
    *("active_power", "reactive_power", "day_cap", "total_cap", "mppt_power", "temperature", "efficiency", "elec_freq"),
    *("a_u", "b_u", "c_u", "a_i", "b_i", "c_i", "ab_u", "bc_u", "ca_u", "power_factor"),
    *(f"pv{number}_{letter}" for number in range(1, 9) for letter in "ui"),
)


def _series(devices: int) -> Mapping[str, AccountSeries]:
    plant = Plant(code=_PLANT, name="Plant")
    known = {
        str(number): Device(id=str(number), plant_code=_PLANT, name=f"Inverter {number}", type_id=_TYPE)
        for number in range(devices)
    }
    labels = account_labels(_NAME, Snapshot(plants={_PLANT: plant}, devices=known))
    return {_NAME: AccountSeries(labels, AccountRoutes(ScaleOverrides()))}


def _answers(devices: int, days: int) -> Iterator[tuple[HistoryRequest, list[DatedReading]]]:
    for day in range(0, days, _DAYS_A_CALL):
        begin, end = _BEGIN + day * DAY, _BEGIN + min(day + _DAYS_A_CALL, days) * DAY
        for first in range(0, devices, HISTORY_IDS_PER_CALL):
            ids = tuple(map(str, range(first, min(first + HISTORY_IDS_PER_CALL, devices))))
            request = HistoryRequest(
                DEVICE_HISTORY, Interface.GET_DEV_HISTORY_KPI, _TYPE, ids, begin, end, 0.0, days=()
            )
            moments = [begin + step * _STEP for step in range(int((end - begin) / _STEP))]
            yield request, [DatedReading(key, at, _values(int(key), at)) for key in ids for at in moments]


def _values(device: int, at: float) -> Values:
    shift = (at // _STEP * 7 + device) % 997 / 100
    return Values((key, round(place + shift, 2)) for place, key in enumerate(_KEYS))


def _run(devices: int, days: int) -> tuple[int, float, int]:
    """Samples, processor seconds of writing, and the peak of memory in bytes."""
    series, samples, seconds = _series(devices), 0, 0.0
    with tempfile.TemporaryDirectory() as directory:
        folder, waiting = Path(directory), set[str]()
        parts = Parts(folder)
        for request, rows in _answers(devices, days):
            began = time.process_time()
            for day, some in rows_by_day(request, rows).items():
                parts.put(DEVICE_HISTORY, day, _NAME, request.key, columns_of(some))
                waiting.add(day)
            if int(request.ids[-1]) + 1 == devices:
                for day in sorted(waiting):
                    file = DayFile(series, {"job": "fusionsolar"}, lambda _: True)
                    for account, columns in parts.of(DEVICE_HISTORY, day):
                        file.add(DEVICE_HISTORY, account, columns)
                    file.write(folder / f"{DEVICE_HISTORY}-{day}.om")
                    parts.drop(DEVICE_HISTORY, day)
            seconds += time.process_time() - began
            if int(request.ids[-1]) + 1 == devices:
                samples += sum(_take(folder / f"{DEVICE_HISTORY}-{day}.om") for day in waiting)
                waiting.clear()
    return samples, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _take(path: Path) -> int:
    """How many samples are in a file, which is not needed any more."""
    with path.open("rb") as lines:
        count = sum(not line.startswith(b"#") for line in lines)
    path.unlink()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description="What a backfill writes in a second, and the memory it needs.")
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--days", type=int, nargs="+", default=[3, 30])
    args = parser.parse_args()
    for days in args.days:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            samples, seconds, peak = pool.apply(_run, (args.devices, days))
        print(
            f"{args.devices} inverters, {days} days: {samples:,} samples, {samples / seconds:,.0f} a processor second, "
            f"at most {peak / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    main()
