"""Write the dashboards as JSON, or check that they are as they would be written."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.alarms import alarm_board
from grafana.device import device_board
from grafana.exporter_health import health_board
from grafana.fleet import fleet_board
from grafana.performance import performance_board
from grafana.plant import plant_board

DIRECTORY = Path(__file__).parent / "dashboards"


def rendered() -> Mapping[str, str]:
    """The JSON of every dashboard by file name, which is its uid."""
    makers = (fleet_board, plant_board, device_board, performance_board, alarm_board, health_board)
    boards = (make().build() for make in makers)
    return {
        f"{board.uid}.json": json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n" for board in boards
    }


def drift() -> list[str]:
    """Names of files that are missing, differ, or belong to no dashboard."""
    wanted = rendered()
    there = {path.name: path.read_text() for path in DIRECTORY.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 where ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where a file would change")
    check = parser.parse_args(arguments).check
    differing, wanted = drift(), rendered()
    for name in differing:
        path = DIRECTORY / name
        if check:
            sys.stderr.write(f"{path}: not as generated; run python -m grafana\n")
        elif name in wanted:
            DIRECTORY.mkdir(exist_ok=True)
            path.write_text(wanted[name])
        else:
            path.unlink()
    return int(check and bool(differing))


if __name__ == "__main__":
    sys.exit(main())
