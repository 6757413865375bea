"""How far a backfill is: a bar for people, lines for logs."""

import io

from support.manual_clock import ManualClock
from typing_extensions import override

from fusionsolar_exporter.backfill.progress_bar import ProgressBar


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_a_bar_of_thirty_on_a_terminal() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal, ManualClock())
    for done in (0, 1, 2, 4):
        bar(done, 4)
    bar.end()
    assert terminal.getvalue().split("\r") == [
        "",
        f"[{'.' * 30}] 0 of 4 requests",
        f"[{'#' * 7}{'.' * 23}] 1 of 4 requests",
        f"[{'#' * 15}{'.' * 15}] 2 of 4 requests",
        f"[{'#' * 30}] 4 of 4 requests\n",
    ]


def test_a_line_a_minute_and_one_at_the_end_elsewhere() -> None:
    stream, clock = io.StringIO(), ManualClock()
    bar = ProgressBar(stream, clock)
    for done in range(5):
        bar(done, 4)
        clock.advance(30)
    bar.end()
    bar.end()
    assert stream.getvalue() == "2 of 4 requests, 50%\n4 of 4 requests, 100%\n"
