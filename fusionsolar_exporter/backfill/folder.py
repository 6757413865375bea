"""The output folder: one backfill at a time, files that are whole or not there."""

import fcntl
import filecmp
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderError(Exception):
    """The output folder is not ours to write into, or cannot be written; the message says what to do."""


def unusable(path: Path, error: OSError) -> FolderError:
    """The system refuses something: no room, no permission, no such file."""
    return FolderError(f"{path}: {error.strerror}. Mend that, and the same command goes on where this one was")


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make a folder, and keep other backfills out of it; FolderError where one is in it, or it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unusable(folder, error) from None
    try:
        _lock(folder, descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderError(f"another backfill writes into {folder}: wait for its end, or name another folder") from None


def write_whole(path: Path, content: bytes) -> None:
    """Put a file into its place as a whole; FolderError where there is no room."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unusable(path, error) from None


def _same_lines(one: Path, other: Path) -> bool:
    """In whatever order: samples from another run stand before or behind the new ones, not between them."""
    if one.stat().st_size != other.stat().st_size:
        return False
    if filecmp.cmp(one, other, shallow=False):
        return True
    with one.open("rb") as lines, other.open("rb") as others:
        return sum(map(hash, lines)) == sum(map(hash, others))


def replace_where_different(path: Path, texts: Iterable[bytes]) -> None:
    """The same for a large file, which is left alone where it says the same already."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(texts)
        if path.exists() and _same_lines(temporary, path):
            temporary.unlink()
        else:
            temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unusable(path, error) from None
