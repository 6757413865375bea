"""Prometheus's own rule engine over a recording: which alerts fired, when, and for how long."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from alert_tools.recording import Recording
from alert_tools.rule_files import groups, recorded_behind, rule_files, with_thresholds

_GOT = re.compile(r"got:(.*)")
_SAMPLE = re.compile(r"\{((?:[^\"{}]|\"(?:[^\"\\]|\\.)*\")*)\} ([-+0-9.eE]+)")
_LABEL = re.compile(r"(\w+)=\"((?:[^\"\\]|\\.)*)\"")
_MOMENT = re.compile(r"\btime\(\)")

Samples = dict[tuple[tuple[str, str], ...], float]


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that has fired; moments are seconds since the recording's begin."""

    labels: Mapping[str, str]
    first: float
    last: float
    evaluations: int
    """For how many it was firing."""

    @property
    def name(self) -> str:
        """Of the alert."""
        return self.labels["alertname"]


def program(*names: str) -> str:
    """A program that Python does not bring, by any of its names; without it skipped, and failed where CI=true."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{names[0]} is not installed")
        pytest.skip(f"{names[0]} is not installed")
    return found


def promtool(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run it; what it says, and its exit status."""
    return subprocess.run(
        [program("promtool"), *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        # memory for speed; and its database where the test has its files, which may be in memory too
        env=os.environ | {"GOGC": "400"} | ({} if cwd is None else {"TMPDIR": str(cwd)}),
        check=False,
    )


def fired_alerts(
    recording: Recording, begin: float, directory: Path, thresholds: Mapping[str, float] | None = None
) -> list[Fired]:
    """Which alerts fired when the rules are evaluated at every step of a recording that began at ``begin``.

    ``thresholds`` are other values of thresholds by the last word of their names.
    """
    end = (recording.scrapes - 1) * recording.step
    firing = f'ALERTS{{alertstate="firing"}}[{end + 1}s:{recording.step}s]'
    queries = [f"min_over_time(timestamp({firing[: firing.index('[')]}){firing[firing.index('[') :]})"]
    queries += [queries[0].replace("min_over", "max_over"), f"count_over_time({firing})"]
    first, last, counts = evaluate(recording, begin, directory, queries, for_alerts=True, thresholds=thresholds or {})
    return [Fired(dict(labels), first[labels], last[labels], int(counts[labels])) for labels in first]


def evaluate(
    recording: Recording,
    begin: float,
    directory: Path,
    queries: Sequence[str],
    *,
    for_alerts: bool = False,
    only_needed: bool = False,
    thresholds: Mapping[str, float],
) -> list[Samples]:
    """What queries return at the end of a recording that began at Unix seconds ``begin``, with the rules evaluated.

    With ``only_needed`` rules that nothing in the queries is made of are left out, for long recordings. promtool begins
    in 1970, so the rules are given the time of the recording in the place of their own. An error of promtool is an
    AssertionError.
    """
    paths, needed = [], recorded_behind(queries) if only_needed else frozenset()
    for path in rule_files(for_alerts=for_alerts):
        moved = directory / path.name
        text = with_thresholds(path.read_text(encoding="utf-8"), thresholds)
        if only_needed:
            chosen = yaml.safe_load(text)["groups"]
            for group in chosen:
                group["rules"] = [rule for rule in group["rules"] if rule.get("record") in needed]
            text = yaml.dump({"groups": chosen}, width=10**9)
        moved.write_text(_MOMENT.sub(f"(time() + {begin:.0f})", text), encoding="utf-8")
        paths.append(moved.name)
    end = (recording.scrapes - 1) * recording.step
    never = {"eval_time": f"{end}s", "exp_samples": [{"labels": '{never="there"}', "value": 0}]}
    content = {
        "rule_files": paths,
        "evaluation_interval": f"{recording.step}s",
        "group_eval_order": [group["name"] for group in groups(for_alerts=for_alerts)],
        "tests": [
            {
                "interval": f"{recording.step}s",
                "input_series": list(recording.input_series()),
                "promql_expr_test": [{"expr": query} | never for query in queries],
            }
        ],
    }
    (directory / "test.yml").write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, width=10**9), encoding="utf-8")
    run = promtool("test", "rules", "test.yml", cwd=directory)
    said = run.stdout + run.stderr
    answers = [_samples(match[1]) for match in _GOT.finditer(said)]
    assert len(answers) == len(queries), said[:5000]
    return answers


def _samples(text: str) -> Samples:
    """The samples that promtool prints in the place of the one expected, which is never there."""
    text = text.strip().removeprefix('"').rstrip(",").removesuffix('"')
    if '\\"' in text:
        text = text.replace('\\"', '"').replace("\\\\", "\\")
    return {
        tuple((label, value) for label, value in _LABEL.findall(match[1])): float(match[2])
        for match in _SAMPLE.finditer(text)
    }
