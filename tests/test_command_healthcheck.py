"""The command ``healthcheck``: an exit status for container runtimes."""

import socket
from pathlib import Path

import pytest
from support.command import Running, run_command

from fusionsolar_exporter.cli import main


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_a_working_exporter_is_healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("accounts: [{name: a, url: 'http://127.0.0.1:1', username: u, password: p}]")
    statuses = []

    def meanwhile(running: Running) -> None:
        statuses.append(main(["healthcheck", f"--web.listen-address={running.address}"]))

    argv = [f"--config.file={file}", "--web.listen-address=127.0.0.1:0"]
    assert run_command(argv, meanwhile, monkeypatch)[0] == 0
    assert statuses == [0]


def test_nobody_there_is_unhealthy_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert main(["healthcheck", f"--web.listen-address=:{port}"]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"unhealthy: http://localhost:{port}/-/healthy: ")
    assert message.count("\n") == 1


def test_something_else_there_is_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(running: Running) -> None:
        assert main(["healthcheck", f"--web.listen-address={running.address}"]) == 1

    _, lines = run_command(["simulator", "--web.listen-address=127.0.0.1:0"], meanwhile, monkeypatch)
    assert "HTTP status 404, expected 200" in lines


@pytest.mark.parametrize("address", ["10035", "host:", "host:0", "host:70000", "::1:80"])
def test_addresses_that_nobody_can_ask_are_refused(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["healthcheck", f"--web.listen-address={address}"])
    assert refused.value.code == 2
    message = capsys.readouterr().err
    assert "HOST:PORT" in message or "65535" in message
