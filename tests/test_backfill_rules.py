"""``scripts/backfill-rules``: rules that need each other's results, evaluated over the past pass by pass."""

from pathlib import Path

import pytest
from alert_tools.promtool import promtool
from support.past_prometheus import past_prometheus, run_script

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]  # Prometheus looks for blocks once a minute

BEGIN = 1_750_032_000  # 16 June 2025
HOURS = 6
RULES = """groups:
  - name: deep
    rules:
      - {record: "a:two", expr: "b:one + 1"}
      - {record: "b:one", expr: "fusionsolar_plant_capacity_watts * 2"}
"""


def test_two_passes_give_the_results_of_rules_two_deep(tmp_path: Path) -> None:
    source, data, rules = tmp_path / "past.om", tmp_path / "data", tmp_path / "rules.yml"
    lines = [f"fusionsolar_plant_capacity_watts {minute} {BEGIN + minute * 60}" for minute in range(HOURS * 60)]
    source.write_text("\n".join(["# TYPE fusionsolar_plant_capacity_watts gauge", *lines, "# EOF", ""]))
    rules.write_text(RULES)
    made = promtool("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h", str(source), str(data))
    assert made.returncode == 0, made.stderr
    with past_prometheus(data, tmp_path) as prometheus:
        flags = [f"--url={prometheus.url}", f"--data={data}", f"--start={BEGIN}", f"--end={BEGIN + HOURS * 3600}"]
        run_script("backfill-rules", *flags, "--passes=2", str(rules))
        ((_, points),) = prometheus.points("a:two", BEGIN + 60, BEGIN + HOURS * 3600 - 60, 60)

    assert len(points) == HOURS * 60 - 1
    # a group is evaluated at a second of its own within the minute: what is read on the minute is one behind
    assert {(at - BEGIN) / 60 * 2 + 1 - value for at, value in points.items()} <= {0.0, 2.0}
