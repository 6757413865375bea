"""The rule files of the project as data."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"
_DURATION = re.compile(r"(\d+)(ms|[smhd])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"#[^\n]*")
_SELECTOR = re.compile(r"\{[^}]*\}")
_SELECTED = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
_MATCHER = re.compile(r"(\w+)\s*[!=]~?\s*\"")
_LABEL_LIST = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")


@cache
def load(path: Path) -> Any:
    """A YAML file, read once."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def rule_files(*, for_alerts: bool = False) -> list[Path]:
    """All of them, or those that alerts need, in the order in which one builds on another."""
    order = ("thresholds", "recording", "energy", "performance", "plants", "exporter")
    files = [RULES / f"fusionsolar-{name}.rules.yml" for name in order]
    assert sorted(files) == sorted(RULES.glob("*.rules.yml"))
    return [path for path in files if not (for_alerts and re.search("energy|performance", path.name))]


def groups(*, for_alerts: bool = False) -> list[dict[str, Any]]:
    """Every group of rules, in that order."""
    files = rule_files(for_alerts=for_alerts)
    return [group for path in files for group in load(path)["groups"]]


def with_thresholds(text: str, thresholds: Mapping[str, float]) -> str:
    """The text of a rule file with other values of thresholds, by the last word of their names."""
    for name, value in thresholds.items():
        rule = rf"(record: fusionsolar:threshold:{name}\n +expr: vector)\([^)]*\)"
        text = re.sub(rule, rf"\g<1>({value})", text)
    return text


def rules() -> Iterator[dict[str, Any]]:
    """Every rule."""
    return (rule for group in groups() for rule in group["rules"])


def alerts() -> list[dict[str, Any]]:
    """Every alerting rule."""
    return [rule for rule in rules() if "alert" in rule]


def metric_names(expression: str) -> frozenset[str]:
    """The metrics that an expression reads; of functions and keywords only those that look like metrics."""
    bare = _LABEL_LIST.sub(" ", _SELECTOR.sub(" ", _STRING.sub('""', _COMMENT.sub("", expression))))
    words = (match for match in _NAME.finditer(bare) if not bare[match.end() :].lstrip().startswith("("))
    return frozenset(match[0] for match in words if "_" in match[0] or ":" in match[0] or match[0] in {"up", "ALERTS"})


def selectors(expression: str) -> Iterator[tuple[str, list[str]]]:
    """Every metric that is selected by labels, with the labels."""
    for name, matchers in _SELECTED.findall(_COMMENT.sub("", expression)):
        yield name, _MATCHER.findall(matchers)


def read_metrics() -> frozenset[str]:
    """Every metric that a rule reads."""
    return frozenset[str]().union(*(metric_names(str(rule["expr"])) for rule in rules()))


def recorded_behind(expressions: Iterable[str]) -> frozenset[str]:
    """Every recorded series that expressions read, and those that are behind these."""
    by_name = {rule["record"]: str(rule["expr"]) for rule in rules() if "record" in rule}
    found: set[str] = set()
    unread = [name for expression in expressions for name in metric_names(expression)]
    while unread:
        name = unread.pop()
        if name in by_name and name not in found:
            found.add(name)
            unread += metric_names(by_name[name])
    return frozenset(found)


def seconds(duration: str) -> float:
    """A duration as Prometheus writes it."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))


def depth(files: Iterable[Path]) -> int:
    """How many rules of these files stand one on another at most: as many passes make all of their past."""
    needs: dict[str, set[str]] = {}
    for group in (group for path in files for group in load(path)["groups"]):
        for rule in group["rules"]:
            needs.setdefault(rule["record"], set()).update(metric_names(str(rule["expr"])))

    @cache
    def deep(name: str) -> int:
        return 1 + max((deep(other) for other in needs[name] - {name} if other in needs), default=0)

    return max(map(deep, needs))
