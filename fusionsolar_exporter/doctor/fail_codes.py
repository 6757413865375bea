"""What the failCodes mean that these interfaces answer with (reference section 10; ``fail_codes.tsv``)."""

import csv
from collections.abc import Mapping
from importlib import resources


def _read() -> dict[int, str]:
    text = resources.files(__package__).joinpath("fail_codes.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    return {int(row["fail_code"]): row["meaning"] for row in rows}


MEANINGS: Mapping[int, str] = _read()
"""By failCode."""
