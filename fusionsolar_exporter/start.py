"""The first lines that run: before anything large is imported, a signal can already end the process.

As process 1 of a container it would otherwise ignore SIGTERM until its own handlers stand, a second later.
"""

import os
import signal
import sys
from types import FrameType


def main() -> int:
    """Run the command line; its exit status."""
    signal.signal(signal.SIGTERM, _end)
    try:
        if sys.argv[1:2] == ["healthcheck"]:
            # asked every few seconds by container runtimes: nothing else is loaded for it
            from fusionsolar_exporter import healthcheck  # noqa: PLC0415

            return healthcheck.main(sys.argv[2:])
        from fusionsolar_exporter.cli import main as command  # noqa: PLC0415

        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read the output has seen enough; what is left must not be written again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
