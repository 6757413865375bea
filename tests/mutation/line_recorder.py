"""A plugin of pytest that records which test runs which lines: ``-p mutation.line_recorder``, into ``LINE_RECORD``."""

import json
import os
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

PACKAGE = "fusionsolar_exporter"
RECORD = "LINE_RECORD"
IMPORTED = ""
"""The context of what runs while nothing is tested."""


class LineRecorder:
    """Tracks one session; threads count for the test in which they run."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=None, branch=False, source=[PACKAGE], concurrency="thread", config_file=False
        )
        self._coverage.start()
        self._coverage.switch_context(IMPORTED)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context(IMPORTED)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if not report.passed:  # skipped ones find nothing either
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        lines: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for name in sorted(data.measured_files()):
            short = str(Path(name).relative_to(Path.cwd()))
            for line, contexts in data.contexts_by_lineno(name).items():
                lines[short][str(line)] = sorted(set(contexts) - self._failed)
        seconds = {test: round(took, 4) for test, took in self._seconds.items() if test not in self._failed}
        self._out.write_text(json.dumps({"seconds": seconds, "lines": lines}))


def pytest_configure(config: pytest.Config) -> None:
    if out := os.environ.get(RECORD):
        config.pluginmanager.register(LineRecorder(Path(out)), "line-recorder")
