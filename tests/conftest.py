"""What every test shares: the option ``--slow``, where temporary files are, and what worker processes need."""

import os
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from mutation.line_recorder import RECORD

_IN_MEMORY = Path("/dev/shm")
_ENOUGH = 2**31  # bytes


def _use_memory_for_temporary_files() -> None:
    """States are synchronised to the disk before each request: tests of them would wait for it most of their time."""
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or not os.access(_IN_MEMORY, os.W_OK):
        return
    found = os.statvfs(_IN_MEMORY)
    if found.f_bavail * found.f_frsize >= _ENOUGH and not found.f_flag & os.ST_NOEXEC:  # some tests write programs
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_IN_MEMORY)


_use_memory_for_temporary_files()

# how long an example takes says how busy the machine is
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands keep their state in a file unless told otherwise: each test has its own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state-of-this-test"))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Run tests marked ``no_cover`` at full speed: in worker processes pytest-cov leaves a second tracer on."""
    tracer, tracer_of_threads = sys.gettrace(), threading.gettrace()
    if item.get_closest_marker("no_cover") and RECORD not in os.environ:
        sys.settrace(None)
        threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        threading.settrace(tracer_of_threads)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what was captured fit for sending from a worker process: some tests log lone surrogates on purpose."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report
