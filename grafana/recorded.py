"""Series that the recording rules make: `deploy/prometheus/` has to be loaded for them."""

import re
from pathlib import Path

_RULES = Path(__file__).parents[1] / "deploy" / "prometheus"
_RECORD = re.compile(r"^ +- record: (\S+)$", re.MULTILINE)
RECORDED = frozenset(name for path in _RULES.glob("*.rules.yml") for name in _RECORD.findall(path.read_text()))
SELDOM = "7h"
"""Within this time there is a value of what is worked out every six hours."""


def recorded(name: str, *where: str, within: str = "") -> str:
    """A recorded series, or its newest value ``within`` a time. KeyError for one that no rule makes."""
    name = f"fusionsolar:{name}"
    if name not in RECORDED:
        raise KeyError(name)
    selected = f"{name}{{{','.join(where)}}}"
    return f"last_over_time({selected}[{within}])" if within else selected
