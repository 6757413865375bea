"""``backfill.json``: where a backfill stands, so that it goes on where it was."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusionsolar_exporter.backfill.folder import FolderError, unusable, write_whole

NAME = "backfill.json"
_VERSION = 1


@dataclass(slots=True)
class Progress:
    """One output folder. ``wanted`` are the options, as text: others begin anew."""

    folder: Path
    wanted: Mapping[str, Any]
    now: float
    """When the run began: what is asked for ends with it, however long it takes."""
    done: set[str] = field(default_factory=set)
    """Keys of requests, each behind its account's name."""
    own_calls: dict[str, list[float]] = field(default_factory=dict)
    """Moments (Unix seconds) of this backfill's calls, by account and interface."""
    five_minutes: set[str] = field(default_factory=set)
    """Accounts whose server has the older interface of history alone."""
    finished: bool = False

    @classmethod
    def open(cls, folder: Path, wanted: Mapping[str, Any], now: float) -> "Progress":
        """Go on with what was begun with the same options, else begin; FolderError where the folder is another's."""
        path = folder / NAME
        try:
            if not path.exists():
                if any(folder.iterdir()):
                    raise FolderError(f"{folder} is not empty and no backfill's: name another folder with --output")
                return cls(folder, wanted, now)
            kept = json.loads(path.read_text(encoding="utf-8"))
            before = cls(
                folder,
                kept["wanted"],
                float(kept["now"]),
                set(kept["done"]),
                {key: list(map(float, moments)) for key, moments in kept["own_calls"].items()},
                set(kept["five_minutes"]),
                bool(kept["finished"]),
            )
        except OSError as error:
            raise unusable(path, error) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise FolderError(f"{path} is no backfill's: name another folder with --output") from None
        if before.finished or dict(before.wanted) != dict(wanted):
            return cls(folder, wanted, now, own_calls=before.own_calls, five_minutes=before.five_minutes)
        return before

    def save(self) -> None:
        """Write it down; FolderError where that cannot be."""
        document = {
            "version": _VERSION,
            "wanted": dict(self.wanted),
            "now": self.now,
            "done": sorted(self.done),
            "own_calls": self.own_calls,
            "five_minutes": sorted(self.five_minutes),
            "finished": self.finished,
        }
        write_whole(self.folder / NAME, json.dumps(document, indent=1).encode())
