"""A CycloneDX 1.6 bill of materials of what is locked for running, and the licences as a table.

Deterministic: made of the lock and of what the installed packages say of themselves.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "runtime.txt"
TABLE = ROOT / "docs" / "licences.md"
_PACKAGE = re.compile(
    r"^([A-Za-z0-9._-]+)==([^\s;\\]+)([^\\\n]*)((?: *\\\n +--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE
)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_CLASSIFIED: Mapping[str, str] = {"License :: OSI Approved :: MIT License": "MIT"}
_ELSEWHERE: Mapping[str, str] = {"async-timeout": "Apache-2.0"}
"""Of packages that only some Pythons need, so that they may not be installed here, and which write it otherwise."""
_HEAD = """# Licences of what it runs with

Made by `scripts/sbom --table` from `requirements/runtime.txt`; all of them may be used and passed on with Apache 2.0.
`scripts/sbom` writes a bill of materials (CycloneDX 1.6, JSON) with the hash of every file.

| package | version | licence | only |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of the lock."""

    name: str
    version: str
    only: str
    """The condition under which it is installed; empty for always."""
    hashes: tuple[str, ...]

    @property
    def licence(self) -> str:
        """As an SPDX expression."""
        if self.name in _ELSEWHERE:
            return _ELSEWHERE[self.name]
        said = metadata.metadata(self.name).json
        classified = (_CLASSIFIED[one] for one in said.get("classifier", ()) if one in _CLASSIFIED)
        return str(said.get("license_expression") or said.get("license") or next(classified))


def locked() -> Iterator[Locked]:
    """The packages of the lock, in its order."""
    for name, version, only, hashes in _PACKAGE.findall(LOCK.read_text(encoding="utf-8")):
        yield Locked(name, version, only.strip(" ;"), tuple(_HASH.findall(hashes)))


def bill() -> dict[str, Any]:
    """The bill of materials."""
    own = metadata.metadata("fusionsolar-exporter")
    reference = f"pkg:pypi/fusionsolar-exporter@{own['Version']}"
    packages = list(locked())
    content = json.dumps([(one.name, one.version, one.hashes) for one in packages])
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, reference + content)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference,
                "name": "fusionsolar-exporter",
                "version": own["Version"],
                "licenses": [{"expression": "Apache-2.0"}],
                "purl": reference,
            }
        },
        "components": [_component(one) for one in packages],
        "dependencies": [{"ref": reference, "dependsOn": [_purl(one) for one in packages]}],
    }


def _component(one: Locked) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl(one),
        "name": one.name,
        "version": one.version,
        "purl": _purl(one),
        "licenses": [{"expression": one.licence}],
        # the lock knows the files of every platform: any of them may be the one that is installed
        "externalReferences": [
            {
                "type": "distribution",
                "url": _purl(one),
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for digest in one.hashes
        ],
    }


def _purl(one: Locked) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


def table() -> str:
    """The page with the licences."""
    return _HEAD + "".join(
        f"| {one.name} | {one.version} | {one.licence} | {f'`{one.only}`' if one.only else ''} |\n" for one in locked()
    )


def main() -> int:
    """Write the bill to standard output, or the table to its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help=f"write {TABLE.relative_to(ROOT)} instead")
    if parser.parse_args().table:
        TABLE.write_text(table(), encoding="utf-8")
    else:
        sys.stdout.write(json.dumps(bill(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
