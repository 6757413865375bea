"""The rules: sound to Prometheus, about metrics that exist, and every alert tested and explained."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
from alert_tools.promtool import promtool
from alert_tools.rule_files import (
    ROOT,
    alerts,
    depth,
    groups,
    load,
    metric_names,
    rule_files,
    rules,
    seconds,
    selectors,
)

from fusionsolar_exporter.metrics.families import FAMILIES, MetricType

TESTS = sorted((ROOT / "tests" / "rules").glob("*.test.yml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
BASE = "https://github.com/fusionsolar-exporter/fusionsolar-exporter/blob/main/docs/runbooks/"
OF_PROMETHEUS = {"up": (), "ALERTS": ("alertname", "alertstate", "account", "plant_code", "plant", "device_id")}
OF_TARGETS = {"instance", "job", "pod"}
ALERTS = {rule["alert"]: rule for rule in alerts()}
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
SELDOM_RECORDED = {
    "fusionsolar:plant_energy_day_start:kilowatthours",
    "fusionsolar:pv_string_weak:ratio",
    "fusionsolar:mppt_weak:ratio",
}
OF_ACCOUNTS = {"fusionsolar:account:up_timestamp_seconds", "fusionsolar_api_failures_total"}
LABELS = {
    **{name: family.all_labels for name, family in FAMILIES.items() if family.type is not MetricType.HISTOGRAM},
    "process_start_time_seconds": (),
    **OF_PROMETHEUS,
}


def cases() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every alert with what one unit test expects of it."""
    for path in TESTS:
        for test in load(path)["tests"]:
            expected: dict[str, list[dict[str, Any]]] = {}
            for check in test.get("alert_rule_test", ()):
                expected.setdefault(check["alertname"], []).append(check)
            yield from expected.items()


def fires(checks: list[dict[str, Any]]) -> list[bool]:
    return [bool(check["exp_alerts"]) for check in checks]


def test_prometheus_takes_the_rules() -> None:
    result = promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, rule_files()))

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.yml"))
def test_the_unit_tests_of_the_rules(path: Path) -> None:
    result = promtool("test", "rules", path.name, cwd=path.parent)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_to_fire_to_stay_silent_and_to_resolve(alert: str) -> None:
    mine = [fires(checks) for name, checks in cases() if name == alert]

    assert any(not any(fired) for fired in mine), "no test in which it stays silent"
    assert any((False, True) in pairwise(fired) for fired in mine), "no test in which it fires"
    assert any((True, False) in pairwise(fired) for fired in mine), "no test in which it resolves"


def test_rules_read_metrics_that_the_exporter_has() -> None:
    read = frozenset[str]().union(*(metric_names(str(rule["expr"])) for rule in rules()))

    assert len(read & FAMILIES.keys()) > 20
    assert read - LABELS.keys() - RECORDED == set()


def test_selectors_and_aggregations_use_labels_that_the_metrics_have() -> None:
    assert sum(len([*selectors(str(rule["expr"]))]) for rule in rules()) > 50
    for rule in rules():
        for metric, labels in selectors(str(rule["expr"])):
            known = {*LABELS.get(metric, ()), *OF_TARGETS} if metric in LABELS else {"plant_code", "energy"}
            assert set(labels) <= known, (metric, labels)


def test_the_series_of_the_unit_tests_are_those_of_the_exporter() -> None:
    texts = [path.read_text(encoding="utf-8") for path in TESTS]
    found = [*chain.from_iterable(re.findall(r"series: '(\w[\w:]*)\{(.*?)\}', values", text) for text in texts)]
    assert len(found) > 50
    for name, labels in found:
        if name in RECORDED:
            continue
        present = set(re.findall(r'(\w+)="', labels))
        assert present - OF_TARGETS <= set(LABELS[name]), name


def test_names_are_used_once() -> None:
    names = Counter(rule.get("alert", rule.get("record")) for rule in rules())

    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("rule", ALERTS.values(), ids=ALERTS)
def test_every_alert_says_what_people_need(rule: dict[str, Any]) -> None:
    name, notes = rule["alert"], rule["annotations"]
    spoken = notes["summary"] + notes["description"]
    aggregated = {
        label for labels in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in re.split(r"[,\s]+", labels)
    }

    assert set(notes) == {"summary", "description", "runbook_url"}
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert "for" in rule
    assert notes["runbook_url"] == f"{BASE}{name}.md"
    for label in {"plant", "device", "account"} & aggregated:
        assert f"$labels.{label} " in spoken, label


def test_what_is_evaluated_every_two_minutes_looks_back_over_few_samples() -> None:
    """A window of days over what each minute records is thousands of samples of every series, each time."""
    for group in groups():
        if seconds(group.get("interval", "1m")) > 120:
            continue
        for rule in group["rules"]:
            for metric, span in re.findall(r"([\w:]+)(?:\{[^}]*\})?\[(\w+)\]", str(rule["expr"])):
                assert seconds(span) <= 1800 or metric in SELDOM_RECORDED or metric in OF_ACCOUNTS, (metric, span)


def test_the_past_is_made_in_as_many_passes_as_rules_are_deep() -> None:
    script = (ROOT / "scripts" / "backfill-rules").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "backfill.md").read_text(encoding="utf-8")
    (names,) = re.findall(r"prometheus/fusionsolar-\{([a-z,]+)\}\.rules\.yml", page)
    passes = depth(ROOT / "deploy" / "prometheus" / f"fusionsolar-{name}.rules.yml" for name in names.split(","))
    assert f"\npasses={passes} " in script
    assert f"[--passes={passes}]" in script
    assert f"are {passes} deep" in page
    assert f"takes {passes} passes" in page


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("Fusion*.md")} == ALERTS.keys()


@pytest.mark.parametrize("rule", ALERTS.values(), ids=ALERTS)
def test_a_runbook_says_what_it_means_why_and_what_to_do(rule: dict[str, Any]) -> None:
    text = (RUNBOOKS / f"{rule['alert']}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)

    assert text.startswith(f"# {rule['alert']}\n")
    assert headings == ["What it means", "Likely causes", "What to do", "Threshold"]
    assert f"**{rule['labels']['severity']}**" in text
    assert f"after {rule['for']}" in text
    for threshold in re.findall(r"fusionsolar:threshold:\w+", rule["expr"]):
        assert threshold in text


def test_the_page_lists_every_alert_threshold_and_recording() -> None:
    page = (ROOT / "docs" / "alerting.md").read_text(encoding="utf-8")
    for name, rule in ALERTS.items():
        row = f"| [{name}](runbooks/{name}.md) | {rule['labels']['severity']} | {rule['for']} |"
        assert row in page, row
    for rule in rules():
        if "record" not in rule:
            continue
        if rule["record"].startswith("fusionsolar:threshold:"):
            (value,) = re.findall(r"vector\((.*)\)", rule["expr"])
            assert f"| `{rule['record']}` | {value} |" in page, rule["record"]
        else:
            assert f"`{rule['record']}`" in page, rule["record"]


def test_a_link_to_another_page_leads_somewhere() -> None:
    for path in [*RUNBOOKS.glob("*.md"), ROOT / "docs" / "alerting.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
