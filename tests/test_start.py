"""The first lines of a process: signals, broken pipes, and no more than is needed for a health check."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fusionsolar_exporter import start

CONFIG = Path(__file__).parent / "config" / "good-whole.yml"


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "fusionsolar_exporter", "check-config", str(CONFIG)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in told
    assert "BrokenPipe" not in told


def test_a_health_check_loads_nothing_else() -> None:
    code = (
        "from fusionsolar_exporter.start import main; import sys\n"
        "sys.argv[1:] = ['healthcheck', '--web.listen-address=127.0.0.1:1']\n"
        "status = main()\n"
        "print(status, 'pydantic' in sys.modules, 'requests' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1 False False\n"
    assert run.stderr.startswith("unhealthy: http://127.0.0.1:1/-/healthy: ")


def test_sigterm_ends_it_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", ["fusionsolar-exporter", "check-config", str(CONFIG)])
    try:
        assert start.main() == 0
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 0
