"""``backfill.json``: where a backfill stands, so that it goes on where it was."""

import filecmp
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "backfill.json"
_VERSION = 1


class FolderError(Exception):
    """The output folder is not ours to write into, or cannot be written; the message says what to do."""


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
            folder.mkdir(parents=True, exist_ok=True)
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
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FolderError(f"{path} cannot be read or is no backfill's ({type(error).__name__})") from None
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


def write_whole(path: Path, content: bytes) -> None:
    """Put a file into its place as a whole; FolderError where there is no room."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FolderError(f"{path} cannot be written: {error.strerror}") from None


def replace_where_different(path: Path, texts: Iterable[bytes]) -> None:
    """The same for a large file, which is left alone where it says the same already."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(texts)
        if path.exists() and filecmp.cmp(temporary, path, shallow=False):
            temporary.unlink()
        else:
            temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FolderError(f"{path} cannot be written: {error.strerror}") from None
