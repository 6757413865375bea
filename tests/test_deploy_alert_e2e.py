"""From the simulated system to the message: exporter, Prometheus and Alertmanager as they are deployed, in seconds."""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_tools.rule_files import ROOT, rule_files
from alert_tools.servers import DEADLINE, Inbox, alertmanager, ask, prometheus, receiver, wait_for
from support.process import ExporterProcess
from support.world import PASSWORD, USER

from fusionsolar_exporter.demo import scaled_rate_limits
from fusionsolar_exporter.simulator.alarms import ALARM_KINDS, AlarmLevel
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.local_year import day_start
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.system import SimulatedSystem

pytestmark = pytest.mark.no_cover  # the exporter runs in a process of its own

SPEED = 120.0
NOBODY = "127.0.0.1:9"  # the port for what is to be discarded: nothing listens there
CRITICAL = next(kind for kind in ALARM_KINDS if kind.level is AlarmLevel.CRITICAL)


@dataclass
class Chain:
    """Everything that an alert passes."""

    fleet: SimulatedFleet
    now: ScaledTime
    prometheus: str
    inbox: Inbox
    log: Path

    def told(self, receiver: str, status: str, **labels: str) -> dict[str, Any]:
        """The alert with these labels, from the first message to a receiver that has it."""

        def wanted(alert: dict[str, Any]) -> bool:
            return bool(alert["status"] == status and labels.items() <= alert["labels"].items())

        message = self.inbox.wait(f"/{receiver}", lambda message: any(map(wanted, message["alerts"])))
        return next(alert for alert in message["alerts"] if wanted(alert))

    def chat(self, pattern: str) -> dict[str, Any]:
        """The first message in the chat that matches."""

        def wanted(message: dict[str, Any]) -> bool:
            return re.search(pattern, message["attachments"][0]["text"]) is not None

        attachment: dict[str, Any] = self.inbox.wait("/chat", wanted)["attachments"][0]
        return attachment


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    noon = day_start(date(2026, 6, 21), 0) + 12 * 3600
    plan = FleetPlan(
        plants=2,
        devices={DeviceType.RESIDENTIAL_INVERTER: 2, DeviceType.DONGLE: 1},
        start=noon,
        alarm_share=0,
        clouds=False,
        places=(Place(48.0, 0.0, 0),),
    )
    now = ScaledTime(SPEED, noon)
    fleet = SimulatedFleet(plan)
    system = SimulatedSystem(fleet, now=now, users={USER: PASSWORD})
    with ExitStack() as parts:
        simulator = parts.enter_context(SimulatorServer(system))
        exporter = parts.enter_context(running_exporter(simulator.url, tmp_path))
        inbox = parts.enter_context(receiver())
        manager = parts.enter_context(alertmanager(alertmanager_config(tmp_path, inbox.url), tmp_path))
        config = prometheus_config(tmp_path, exporter, manager.removeprefix("http://"))
        server = parts.enter_context(prometheus(config, tmp_path))
        yield Chain(fleet, now, server, inbox, tmp_path / "prometheus.log")


@contextmanager
def running_exporter(url: str, directory: Path) -> Iterator[str]:
    """The address of the exporter in a process of its own, its limits scaled as the simulated system's time is."""
    password = directory / "password"
    password.write_text(PASSWORD)
    account = {"name": "home", "url": url, "username": USER, "password_file": str(password)}
    config = {"accounts": [account | {"rate_limits": scaled_rate_limits(SPEED)}]}
    with ExporterProcess(config, directory) as exporter:
        yield exporter.address


def alertmanager_config(directory: Path, inbox: str) -> Path:
    """The project's, in seconds, with a web hook for each receiver in the place of mail."""
    text = (ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    content = yaml.safe_load(re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", text))
    content["templates"] = [str(ROOT / "deploy" / "alertmanager" / "templates" / "*.tmpl")]
    chat = directory / "chat_url"
    chat.write_text(f"{inbox}/chat")
    for each in content["receivers"]:
        each.pop("email_configs")
        each["webhook_configs"] = [{"url": f"{inbox}/{each['name']}"}]
        for slack in each.get("slack_configs", ()):
            slack["api_url_file"] = str(chat)
    config = directory / "alertmanager.yml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config


def prometheus_config(directory: Path, exporter: str, manager: str) -> Path:
    """The project's rules, evaluated each second, with durations of seconds."""
    for path in rule_files():
        text = path.read_text(encoding="utf-8")
        (directory / path.name).write_text(re.sub(r"\b(for|interval): \w+", r"\1: 1s", text), encoding="utf-8")
    content = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["*.rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager, NOBODY]}]}]},
        "scrape_configs": [{"job_name": "fusionsolar", "static_configs": [{"targets": [exporter]}]}],
    }
    config = directory / "prometheus.yml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return config


def health_of_rules(chain: Chain) -> set[tuple[str, str | None]]:
    """Health and last error of each rule."""
    groups = ask(f"{chain.prometheus}/api/v1/rules")["data"]["groups"]
    return {(rule["health"], rule.get("lastError")) for group in groups for rule in group["rules"]}


def test_an_alarm_and_a_faulty_inverter_are_told_and_told_to_be_over(chain: Chain) -> None:
    plant, neighbour = chain.fleet.plants.values()
    inverter = next(iter(plant.inverters))
    dongle = next(device for device in neighbour.devices if device.type_id == DeviceType.DONGLE)
    wait_for(
        lambda: ask(f"{chain.prometheus}/api/v1/query?query=fusionsolar:inverter_power:kilowatts")["data"]["result"],
        "no data",
    )

    chain.fleet.fault(inverter.id, chain.now())
    chain.fleet.raise_alarm(dongle.id, CRITICAL, chain.now())

    fault = {"alertname": "FusionSolarInverterFault", "plant": plant.name, "device": inverter.name}
    alarm = {"alertname": "FusionSolarAlarmCritical", "plant": neighbour.name, "alarm_name": CRITICAL.name}
    told = chain.told("plants-on-call", "firing", **fault)
    assert told["annotations"]["summary"] == f"Inverter {inverter.name} of plant {plant.name} is shut down"
    assert told["annotations"]["description"].endswith("has stopped: Shutdown: on fault.")
    told = chain.told("plants-on-call", "firing", **alarm)
    assert told["annotations"]["summary"] == f"Critical alarm at plant {neighbour.name}: {CRITICAL.name}"
    assert dongle.name in told["annotations"]["description"]
    chat = chain.chat(f"{re.escape(inverter.name)} of plant {re.escape(plant.name)} is shut down")
    assert chat["color"] == "danger"
    assert plant.name in chat["title"]

    chain.fleet.repair(inverter.id, chain.now())
    chain.fleet.clear_alarms(dongle.id)

    chain.told("plants-on-call", "resolved", **fault)
    chain.told("plants-on-call", "resolved", **alarm)
    assert chain.chat(f"Over: Inverter {re.escape(inverter.name)}")
    wait_for(lambda: "unknown" not in {health for health, _ in health_of_rules(chain)}, "every rule is evaluated")
    assert health_of_rules(chain) == {("ok", None)}
    assert_page_names_signs_of_an_unreachable_alertmanager(chain)


def assert_page_names_signs_of_an_unreachable_alertmanager(chain: Chain) -> None:
    """Another one than that which told everything above."""
    page = (ROOT / "docs" / "alerting.md").read_text(encoding="utf-8")
    with urllib.request.urlopen(f"{chain.prometheus}/metrics", timeout=DEADLINE) as answer:
        metrics = answer.read().decode()
    for sign in ("Error sending alert", "component=notifier"):
        assert sign in page
        assert re.search(f"{sign}.*{NOBODY}|{NOBODY}.*{sign}", chain.log.read_text())
    for name in ("prometheus_notifications_errors_total", "prometheus_notifications_alertmanagers_discovered"):
        assert f"`{name}`" in page
        assert name in metrics
    assert re.search(rf'errors_total{{alertmanager="http://{NOBODY}/[^"]*"}} [1-9]', metrics)
