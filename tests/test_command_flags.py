"""Flags that people try: what was meant is said, and nothing is begun that the flags forbid."""

import socket
import sys
from pathlib import Path

import pytest
from support.command import Lines, Running, run_command

from fusionsolar_exporter import start
from fusionsolar_exporter.cli import main


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The last line that a refused command line gets."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--config", "a.yml"], "serve: error: there is no --config; did you mean --config.file?"),
        (["serve", "-c", "a.yml"], "there is no -c; did you mean --config.file?"),
        (["serve", "--config_file=a.yml"], "there is no --config_file; did you mean --config.file?"),
        (["serve", "--port=8080"], "there is no --port; did you mean --web.listen-address?"),
        (["serve", "--log-level", "debug"], "there is no --log-level; did you mean --log.level?"),
        (["serve", "--log", "debug"], "there is no --log; did you mean --log.level or --log.format?"),
        (["serve", "--xyzzy"], "there is no --xyzzy; --help names all"),
        (["serve", "a.yml"], "'a.yml' stands alone; did you mean --config.file a.yml?"),
        (["demo", "--plant", "3"], "there is no --plant; did you mean --plants?"),
        (["demo", "extra"], "'extra' is one thing too many"),
        (["check-config", "--config.file", "a.yml"], "no flag here; write fusionsolar-exporter check-config a.yml"),
        (["check-config", "a.yml", "--plants", "0"], "'0' is no number of plants: write 1 to 100000"),
    ],
)  # fmt: skip
def test_what_may_have_been_meant(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(argv, capsys).endswith(said)


def test_healthcheck_says_what_it_does_and_what_was_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for more, said in (
        ("--help", "ask the exporter on this host whether it works"),
        ("--port", "--web.listen-address"),
    ):
        monkeypatch.setattr(sys, "argv", ["fusionsolar-exporter", "healthcheck", more])
        with pytest.raises(SystemExit):
            start.main()
        captured = capsys.readouterr()
        assert said in captured.out + captured.err


def test_a_taken_port_names_the_flag_and_is_found_before_anything_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.sqlite"
    file = tmp_path / "fusionsolar.yml"
    file.write_text(
        "accounts: [{name: a, url: 'http://127.0.0.1:1', username: u, password: p}]\n"
        f"state: {{url: 'sqlite:{state}'}}\n"
    )
    file.chmod(0o600)
    lines = Lines()
    monkeypatch.setattr(sys, "stderr", lines)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main([f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"]) == 1
    (line,) = lines.getvalue().splitlines()
    assert 'msg="cannot listen"' in line
    assert "choose another with --web.listen-address" in line
    assert not state.exists()


class Terminal(Lines):
    def isatty(self) -> bool:
        return True


def test_demo_says_little_on_a_terminal_and_fits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Terminal()

    def meanwhile(running: Running) -> None:
        running.lines.wait_for(r"values of \d+ plants and \d+ devices after")

    monkeypatch.setattr("support.command.Lines", lambda: lines)
    argv = ["demo", "--simulator.plants=2", "--devices-per-plant=4", "--web.listen-address=127.0.0.1:0"]
    status, written = run_command(argv, meanwhile, monkeypatch)
    assert status == 0
    assert "level=info" not in written
    assert "status page   http://localhost:" in written
    assert [line for line in written.replace("\r", "\n").splitlines() if len(line) > 79] == []
