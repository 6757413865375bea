"""On which kind of file system a path is: some of them are on other machines."""

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_REMOTE = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "smb3",
        "smbfs",
    ]
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def remote_file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system that the path is on, where that is on another machine; None where not or not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = os.path.realpath(path)
    kinds = dict(_mount(line) for line in lines if " - " in line)  # of several on one place the last covers the others
    parents = (str(parent) for parent in (Path(place), *Path(place).parents))
    kind = next((kinds[parent] for parent in parents if parent in kinds), None)
    return kind if kind in _REMOTE else None


def _mount(line: str) -> tuple[str, str]:
    before, _, after = line.partition(" - ")
    place = before.split(" ")[4]
    return _ESCAPE.sub(lambda found: chr(int(found[1], 8)), place), after.split(" ")[0]
