"""The first lines that run: before anything large is imported, signals already do what they should."""

import io
import os
import sys

from fusionsolar_exporter import signals


def main() -> int:
    """Run the command line; its exit status."""
    signals.note()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names that the terminal cannot show must not end anything
    try:
        if sys.argv[1:2] == ["healthcheck"]:
            # asked every few seconds by container runtimes: nothing else is loaded for it
            from fusionsolar_exporter import healthcheck  # noqa: PLC0415

            return healthcheck.main(sys.argv[2:])
        from fusionsolar_exporter.cli import main as command  # noqa: PLC0415

        signals.loaded()
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read the output has seen enough; what is left must not be written again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status
