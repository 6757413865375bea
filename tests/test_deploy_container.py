"""The image and compose.yml: clean, hardened, and every file that they name is there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_support import DEPLOY, ROOT, program, run

from fusionsolar_exporter import __version__
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.config import load_config
from fusionsolar_exporter.simulator.command import DEMO_PASSWORD, DEMO_USERNAME

DOCKER = DEPLOY / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
STAGES = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)).split("\nFROM ")
BASE = "docker.io/library/python:3.13-slim"
MOST_BYTES_OVER_BASE = 80_000_000


def instruction(name: str) -> str:
    """What the last stage's only instruction of this name says."""
    (found,) = re.findall(rf"^ *{name} +(.*)$", STAGES[-1], re.MULTILINE)
    return str(found)


def exec_form(name: str) -> list[str]:
    words: list[str] = json.loads(instruction(name))
    return words


def test_hadolint_is_silent() -> None:
    result = run(program("hadolint"), DOCKER / "Dockerfile")

    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_is_numbered_not_named_and_checks_itself() -> None:
    assert len(STAGES) == 3
    assert re.fullmatch(r"[1-9]\d*:0", instruction("USER"))
    assert exec_form("ENTRYPOINT") == ["fusionsolar-exporter"]
    assert exec_form("CMD") == ["serve"] or '"healthcheck"' in STAGES[-1]
    assert f"ARG VERSION={__version__}" in STAGES[-1]
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", instruction("LABEL")))
    assert {"title", "description", "version", "revision", "created", "licenses"} <= labels


def test_what_is_installed_is_locked() -> None:
    installs = re.findall(r"pip --python \S+ install (.*?)(?=&&|\n|$)", STAGES[1])

    assert len(installs) == 3
    assert all("--require-hashes" in install or "--no-index" in install for install in installs)


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*)", STAGES[1], re.MULTILINE) for word in line.split()[:-1]
    ]

    assert set(copied) == sent
    assert all((ROOT / name).exists() for name in copied)


def test_compose_has_everything_in_it() -> None:
    assert set(SERVICES) == {"simulator", "exporter", "prometheus", "agent", "alertmanager", "grafana"}
    for service in SERVICES.values():
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service["image"]), "latest is another one tomorrow"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), "only this host may look"


def test_compose_mounts_what_is_there() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    files = [name for name in mounted if name.startswith(".")] + [COMPOSE["secrets"]["fusionsolar_password"]["file"]]

    assert [name for name in files if not (DOCKER / name).exists()] == []
    assert {name for name in mounted if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_the_profile_push_adds_an_agent_and_nothing_else() -> None:
    (agent,) = (name for name, service in SERVICES.items() if "profiles" in service)

    assert (agent, SERVICES[agent]["profiles"]) == ("agent", ["push"])
    assert set(SERVICES[agent]["depends_on"]) == {"exporter"}
    assert SERVICES[agent]["image"] == SERVICES["prometheus"]["image"]


def test_state_has_a_place_of_its_own() -> None:
    (place,) = re.findall(r"STATE_DIRECTORY=(\S+)", STAGES[-1])
    parent, name = place.rsplit("/", 1)
    (copy,) = re.findall(rf"^COPY --from=build --chown=(\S+) /src/var {parent}$", STAGES[-1], re.MULTILINE)

    assert copy == instruction("USER")
    assert f"chmod 770 /src/var/{name}" in STAGES[1]
    assert f"exporter:{place}" in SERVICES["exporter"]["volumes"]


def test_compose_is_understood(tmp_path: Path) -> None:
    """Reading needs no podman, yet its version is asked for."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho podman version 4.3.1\n")
    podman.chmod(0o755)

    compose: list[str | Path] = [program("podman-compose"), "--podman-path", podman, "--file", DOCKER / "compose.yml"]
    for profile, left_out in (([], {"agent"}), (["--profile", "push"], set())):
        result = run(*compose, *profile, "config")

        assert result.returncode == 0, result.stderr
        assert set(yaml.safe_load(result.stdout)["services"]) == SERVICES.keys() - left_out


def test_the_commands_of_compose_have_these_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*SERVICES["simulator"]["command"], "--help"])
    assert caught.value.code == 0
    with pytest.raises(SystemExit) as caught:
        main([*SERVICES["exporter"]["command"], "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().err == ""


def test_the_exporter_of_compose_asks_its_simulator() -> None:
    (account,) = load_config(DOCKER / "exporter.yml", {}).accounts
    listens = SERVICES["simulator"]["command"][1].partition("=")[2]

    assert account.url == f"http://simulator:{listens.rpartition(':')[2]}"
    assert account.username == DEMO_USERNAME
    assert account.password_file == Path("/run/secrets/fusionsolar_password")
    assert (DOCKER / COMPOSE["secrets"]["fusionsolar_password"]["file"]).read_text() == f"{DEMO_PASSWORD}\n"


def test_the_prometheus_of_compose_knows_the_others() -> None:
    result = run(program("promtool"), "check", "config", DOCKER / "prometheus.yml")
    config = yaml.safe_load((DOCKER / "prometheus.yml").read_text(encoding="utf-8"))
    targets = [target for job in config["scrape_configs"] for target in job["static_configs"][0]["targets"]]

    assert result.returncode == 0, result.stdout + result.stderr
    assert {target.split(":")[0] for target in targets} <= SERVICES.keys() | {"localhost"}
    assert config["rule_files"] == ["rules/*.rules.yml"]
    assert "../prometheus:/etc/prometheus/rules:ro" in SERVICES["prometheus"]["volumes"]


@pytest.mark.slow
def test_the_image_is_small_and_runs_as_nobody_on_a_read_only_root(tmp_path: Path) -> None:
    """Needs buildah, podman and runc, and an image named as the base; by hand, as it takes a minute."""
    podman, buildah = program("podman"), program("buildah")
    engine = '[engine]\nruntime="runc"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n[containers]\nnetns="host"\n'
    (tmp_path / "containers.conf").write_text(engine + 'default_ulimits=["nofile=20000:20000","nproc=20000:20000"]\n')
    with_configuration = ["env", f"CONTAINERS_CONF={tmp_path / 'containers.conf'}"]
    if run(*with_configuration, podman, "image", "exists", BASE).returncode:
        pytest.skip(f"there is no image {BASE}")
    how = "bud --isolation chroot --network host --pull-never --format docker --tag fusionsolar-exporter:test"
    built = run(*with_configuration, buildah, *shlex.split(how), "--file", DOCKER / "Dockerfile", ROOT)
    assert built.returncode == 0, built.stderr

    def size(image: str) -> int:
        return int(run(*with_configuration, podman, "image", "inspect", "--format", "{{.Size}}", image).stdout)

    def inside(*command: str, user: str = "10035:0") -> str:
        how = [
            "--rm",
            f"--user={user}",
            "--no-healthcheck",
            "--read-only",
            "--cap-drop=ALL",
            "--entrypoint",
            command[0],
            "fusionsolar-exporter:test",
        ]
        result = run(*with_configuration, podman, "run", *how, *command[1:])
        return result.stdout + result.stderr

    assert size("fusionsolar-exporter:test") - size(BASE) < MOST_BYTES_OVER_BASE
    assert inside("id", "-u") == "10035\n"
    assert inside("fusionsolar-exporter", "--version") == f"fusionsolar-exporter {__version__}\n"
    assert "Read-only file system" in inside("touch", "/here")
    assert inside("touch", "/var/lib/fusionsolar-exporter/here", user="123456:0") == ""
    assert inside("fusionsolar-exporter", "healthcheck", "--web.listen-address=127.0.0.1:1").startswith("unhealthy: ")
