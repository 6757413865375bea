"""The first lines of a process: signals, broken pipes, and no more than is needed for a health check."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fusionsolar_exporter import signals, start

DEADLINE = 60.0
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


def test_signals_in_the_first_second_are_neither_lost_nor_deadly(tmp_path: Path) -> None:
    config = tmp_path / "fusionsolar.yml"
    account = "{name: a, url: 'http://127.0.0.1:9', username: u, password: secret-word}"
    config.write_text(f"accounts: [{account}]\nstate: {{url: 'memory:'}}\n")
    arguments = [f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    # the signal comes while the first large module is imported
    code = (
        "import os, signal, sys\n"
        "from fusionsolar_exporter import start\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pydantic':\n"
        "            try:\n"
        "                os.kill(os.getpid(), int(sys.argv.pop(1)))\n"
        "            except BaseException:\n"  # as compiled code meets what is raised while it is imported
        "                sys.stderr.write('raised in an import')\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.exit(start.main())\n"
    )
    hup, term = (
        [sys.executable, "-c", code, str(int(number)), *arguments] for number in (signal.SIGHUP, signal.SIGTERM)
    )
    ended = subprocess.run(term, capture_output=True, timeout=DEADLINE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    with subprocess.Popen(hup, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            reloaded = next((line for line in process.stderr if "configuration reloaded" in line), "")
        finally:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE)
    assert reloaded
    assert process.returncode == 0


def test_sigterm_ends_it_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", ["fusionsolar-exporter", "check-config", str(CONFIG)])
    try:
        assert start.main() == 0
        with pytest.raises(SystemExit) as ended:
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
        signals._noted.clear()
    assert ended.value.code == 0
