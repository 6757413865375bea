"""``scripts/backfill-rules``: rules that need each other's results, evaluated over the past pass by pass."""

import os
import subprocess
import urllib.parse
from pathlib import Path

import pytest
from alert_tools.promtool import program, promtool
from alert_tools.servers import ask, serving

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]  # Prometheus looks for blocks once a minute

SCRIPT = Path(__file__).parents[1] / "scripts" / "backfill-rules"
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
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 15s}\n")
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        "--web.listen-address=127.0.0.1:0",
    )
    with serving(program("prometheus"), *arguments, log=tmp_path / "log") as url:
        flags = [f"--url={url}", f"--data={data}", f"--start={BEGIN}", f"--end={BEGIN + HOURS * 3600}", "--passes=2"]
        ran = subprocess.run(
            [str(SCRIPT), *flags, str(rules)], capture_output=True, text=True, check=False, env=os.environ
        )
        assert ran.returncode == 0, ran.stderr
        asked = urllib.parse.urlencode(
            {"query": "a:two", "start": BEGIN + 60, "end": BEGIN + HOURS * 3600 - 60, "step": 60}
        )
        (series,) = ask(f"{url}/api/v1/query_range?{asked}")["data"]["result"]

    points = {float(at): float(value) for at, value in series["values"]}
    assert len(points) == HOURS * 60 - 1
    # a group is evaluated at a second of its own within the minute: what is read on the minute is one behind
    assert {(at - BEGIN) / 60 * 2 + 1 - value for at, value in points.items()} <= {0.0, 2.0}
