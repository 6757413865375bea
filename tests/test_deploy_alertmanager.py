"""Who hears of what: routes, grouping, inhibition and texts, by amtool and a real Alertmanager."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alert_tools.promtool import program
from alert_tools.rule_files import ROOT, alerts, load
from alert_tools.servers import alertmanager, ask, wait_for

HOME = ROOT / "deploy" / "alertmanager"
CONFIG = HOME / "alertmanager.yml"
TEMPLATES = HOME / "templates" / "*.tmpl"
ALERTS = {rule["alert"]: rule for rule in alerts()}
ACCOUNT = {"account": "home"}
PLANT = ACCOUNT | {"plant_code": "NE=1", "plant": "Alder Farm"}
NEIGHBOUR = ACCOUNT | {"plant_code": "NE=2", "plant": "Birch Lane"}
INVERTER = {"device_id": "11", "device": "Inverter-1", "device_type": "string_inverter"}
OTHER = {"device_id": "12", "device": "Inverter-2", "device_type": "string_inverter"}
SINCE = "2026-06-21T09:05:00Z"
UNTIL = "2026-06-21T10:20:00Z"

Labels = dict[str, str]


def amtool(*arguments: str | Path) -> str:
    result = subprocess.run([program("amtool"), *arguments], capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def an(alert: str, *more: Labels) -> Labels:
    """The labels of an alert as Prometheus sends them."""
    labels = {"alertname": f"FusionSolar{alert}", "severity": ALERTS[f"FusionSolar{alert}"]["labels"]["severity"]}
    for each in more:
        labels |= each
    return labels


def receivers(labels: Labels, config: Path = CONFIG) -> set[str]:
    """Whom an alert with these labels reaches."""
    matchers = [f"{name}={value}" for name, value in labels.items()]
    return set(amtool("config", "routes", "test", f"--config.file={config}", *matchers).strip().split(","))


def test_amtool_takes_the_configuration_without_a_warning() -> None:
    said = amtool("check-config", CONFIG)

    assert "1 templates" in said
    assert not re.search("warn|deprecat|fail", said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (an("PlantDisconnected", PLANT), "plants-on-call"),
        (an("InverterFault", PLANT, INVERTER), "plants-on-call"),
        (an("AlarmMajor", PLANT, INVERTER), "plants"),
        (an("PlantYieldLow", PLANT), "plants"),
        (an("AccountDown", ACCOUNT), "operations-on-call"),
        (an("DataStale", ACCOUNT, {"collector": "alarms"}), "operations"),
        (an("QuotaNearlyUsed", ACCOUNT, {"interface": "login"}), "operations"),
        (an("ExporterDown", {"instance": "a:1", "job": "fusionsolar"}), "operations-on-call"),
        (an("ExporterMissing"), "operations-on-call"),
        ({"alertname": "DiskFull", "severity": "page"}, "mail"),
    ],
    ids=lambda value: value.get("alertname") if isinstance(value, dict) else value,
)
def test_routes_by_severity_and_by_what_it_is_about(labels: Labels, expected: str) -> None:
    assert receivers(labels) == {expected}


def test_every_alert_reaches_somebody_by_its_severity() -> None:
    for name, rule in ALERTS.items():
        plant = PLANT if "plant_code" in rule["expr"] or "fusionsolar:plant" in rule["expr"] else {}
        (receiver,) = receivers(an(name.removeprefix("FusionSolar"), plant))
        assert receiver.startswith("plants" if plant else "operations")
        assert receiver.endswith("on-call") is (rule["labels"]["severity"] == "critical")


def test_the_example_of_a_route_by_plant_works(tmp_path: Path) -> None:
    text = CONFIG.read_text(encoding="utf-8")
    block = re.compile(
        r"^( +)# (- matchers: \['plant_code=~|  receiver: partner|  continue: true|- name: partner)", re.MULTILINE
    )
    head, _, tail = block.sub(r"\1\2", text).rpartition("  - name: partner\n")
    config = tmp_path / "alertmanager.yml"
    config.write_text(head + "  - name: partner\n" + tail.replace("  # ", "  "), encoding="utf-8")
    (tmp_path / "templates").symlink_to(HOME / "templates")

    assert receivers(an("AlarmMajor", PLANT, INVERTER), config) == {"plants"}
    theirs = PLANT | {"plant_code": "NE=12345678"}
    assert receivers(an("AlarmMajor", theirs, INVERTER), config) == {"partner", "plants"}
    assert receivers(an("PlantDisconnected", theirs), config) == {"partner", "plants-on-call"}


def test_a_message_is_about_one_plant() -> None:
    route = load(CONFIG)["route"]

    assert route["group_by"] == ["account", "plant_code", "plant"]
    assert not re.search("group_by", json.dumps(route["routes"]))


def test_inhibition_names_alerts_and_labels_that_there_are() -> None:
    for rule in load(CONFIG)["inhibit_rules"]:
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            for name in re.findall(r"FusionSolar\w+", matcher):
                assert name in ALERTS


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The project's configuration in a real Alertmanager."""
    directory = tmp_path_factory.mktemp("alertmanager")
    with alertmanager(CONFIG, directory) as url:
        assert "level=warn" not in (directory / "alertmanager.log").read_text()
        yield url


CASES = {
    "a disconnected plant silences its devices, and no other plant": (
        [an("PlantDisconnected", PLANT)],
        [an("InverterFault", PLANT, INVERTER), an("AlarmCritical", PLANT, INVERTER), an("MeterOffline", PLANT, OTHER)],
        [an("InverterFault", NEIGHBOUR, INVERTER), an("AccountDown", ACCOUNT)],
    ),
    "a disconnected plant is neither faulty nor yielding little": (
        [an("PlantDisconnected", PLANT)],
        [an("PlantFaulty", PLANT), an("PlantYieldLow", PLANT)],
        [an("PlantFaulty", NEIGHBOUR)],
    ),
    "the same plant code of another account": (
        [an("PlantDisconnected", PLANT)],
        [],
        [an("InverterFault", PLANT, INVERTER, {"account": "away"})],
    ),
    "a fault says why the plant is faulty": (
        [an("InverterFault", PLANT, INVERTER)],
        [an("PlantFaulty", PLANT)],
        [an("PlantFaulty", NEIGHBOUR), an("PlantYieldLow", PLANT)],
    ),
    "an inverter that stands still has no current": (
        [an("InverterFault", PLANT, INVERTER)],
        [an("StringWithoutCurrent", PLANT, INVERTER, {"pv": "1"}), an("InverterNotProducing", PLANT, INVERTER)],
        [an("StringWithoutCurrent", PLANT, OTHER, {"pv": "1"}), an("InverterTooHot", PLANT, INVERTER)],
    ),
    "an account that cannot log in has stale data": (
        [an("AccountCannotLogIn", ACCOUNT)],
        [an("DataStale", ACCOUNT, {"collector": "alarms"}), an("AccountDown", ACCOUNT)],
        [an("DataStale", {"account": "away", "collector": "alarms"}), an("InverterFault", PLANT, INVERTER)],
    ),
    "an account without answers has stale data": (
        [an("AccountDown", ACCOUNT)],
        [an("DataStale", ACCOUNT, {"collector": "alarms"})],
        [an("RateLimited", ACCOUNT, {"interface": "login"})],
    ),
    "what is not permitted is stale": (
        [an("PermissionMissing", ACCOUNT, {"collector": "alarms"})],
        [an("DataStale", ACCOUNT, {"collector": "alarms"})],
        [an("DataStale", ACCOUNT, {"collector": "plant_realtime"})],
    ),
    "the only exporter is down": (
        [an("ExporterDown", {"instance": "a:1", "job": "fusionsolar"})],
        [an("ExporterMissing")],
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_inhibition(running: str, case: str) -> None:
    sources, silenced, heard = CASES[case]
    labels = [each | {"case": case} for each in (*sources, *silenced, *heard)]
    ask(f"{running}/api/v2/alerts", [{"labels": each} for each in labels])

    def inhibited() -> list[Labels]:
        return [alert["labels"] for alert in known(running, case) if alert["status"]["inhibitedBy"]]

    wait_for(lambda: len(known(running, case)) == len(labels), "the alerts are not there")
    wanted = [each | {"case": case} for each in silenced]
    wait_for(lambda: len(inhibited()) >= len(wanted), f"only {inhibited()}")
    assert sorted(inhibited(), key=str) == sorted(wanted, key=str)
    gone = [{"labels": each, "startsAt": SINCE, "endsAt": UNTIL} for each in labels]
    ask(f"{running}/api/v2/alerts", gone)
    wait_for(lambda: not known(running, case), "the alerts do not end")


def known(url: str, case: str) -> list[dict[str, Any]]:
    return [alert for alert in ask(f"{url}/api/v2/alerts") if alert["labels"].get("case") == case]


def message(path: Path, *firing: Labels, resolved: tuple[Labels, ...] = (), **common: str) -> Path:
    """What Alertmanager gives to a template."""

    def alert(labels: Labels, status: str) -> dict[str, Any]:
        notes = {
            "summary": f"{labels['alertname']} <b>",
            "description": "It says more.",
            "runbook_url": "https://x/y.md",
        }
        return {"status": status, "labels": labels, "annotations": notes, "startsAt": SINCE, "endsAt": UNTIL}

    content = {
        "status": "firing" if firing else "resolved",
        "alerts": [*(alert(each, "firing") for each in firing), *(alert(each, "resolved") for each in resolved)],
        "commonLabels": common,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def rendered(template: str, data: Path, kind: str = "text") -> str:
    text = f'{{{{ template "fusionsolar.{template}" . }}}}'
    return amtool(
        "template", "render", f"--template.glob={TEMPLATES}", f"--template.text={text}",
        f"--template.type={kind}", f"--template.data={data}",
    ).strip()  # fmt: skip


FAULT, HOT = an("InverterFault", PLANT, INVERTER), an("InverterTooHot", PLANT, OTHER)


@pytest.mark.parametrize(
    ("firing", "over", "common", "subject"),
    [
        ((FAULT,), (), {"severity": "critical"}, "Critical: FusionSolarInverterFault <b>"),
        ((HOT,), (), {"severity": "warning"}, "Warning: FusionSolarInverterTooHot <b>"),
        ((FAULT, HOT), (), {"plant": "Alder Farm"}, "Warning: Alder Farm: 2 alerts"),
        ((FAULT,), (HOT,), {"plant": "Alder Farm", "severity": "critical"}, "Critical: Alder Farm: 1 alerts, 1 over"),
        ((), (HOT,), {"plant": "Alder Farm"}, "Over: FusionSolarInverterTooHot <b>"),
        ((), (HOT, FAULT), {"plant": "Alder Farm"}, "Over: Alder Farm: 2 over"),
        ((HOT, FAULT), (), {"account": "home", "severity": "info"}, "For information: account home: 2 alerts"),
        ((HOT, FAULT), (), {}, "Warning: FusionSolar exporter: 2 alerts"),
    ],
)
def test_subjects(
    tmp_path: Path, firing: tuple[Labels, ...], over: tuple[Labels, ...], common: Labels, subject: str
) -> None:
    data = message(tmp_path / "data.json", *firing, resolved=over, **common)

    assert rendered("subject", data) == subject


def test_texts_say_what_since_when_and_what_to_do(tmp_path: Path) -> None:
    data = message(tmp_path / "data.json", FAULT, resolved=(HOT,), plant="Alder Farm")

    mail = rendered("text", data).splitlines()
    assert mail[:2] == ["FusionSolarInverterFault <b>", "It says more."]
    assert re.fullmatch(r"Since 2026-06-21 \d\d:05 \S+\. What to do: https://x/y\.md", mail[2])
    assert mail[4] == "Over: FusionSolarInverterTooHot <b>"
    assert re.fullmatch(r"From 2026-06-21 \d\d:05 to 2026-06-21 \d\d:20 \S+\.", mail[5])
    assert rendered("chat", data).splitlines() == [
        "*FusionSolarInverterFault <b>*",
        "It says more. <https://x/y.md|What to do>",
        "Over: FusionSolarInverterTooHot <b>",
    ]


def test_names_are_escaped_in_the_page_of_a_mail(tmp_path: Path) -> None:
    page = rendered("html", message(tmp_path / "data.json", FAULT, resolved=(HOT,), plant="<Alder>"), "html")

    assert "&lt;Alder&gt;" in page
    assert "FusionSolarInverterFault &lt;b&gt;" in page
    assert 'href="https://x/y.md"' in page
    assert "#c4162a" in page
    assert page.count("<p ") == page.count("</p>") == 2


@pytest.mark.parametrize(
    ("firing", "severity", "colour"),
    [((FAULT,), "critical", "danger"), ((HOT,), "warning", "warning"), ((HOT,), "info", "#1f60c4"), ((), "", "good")],
)
def test_colours(tmp_path: Path, firing: tuple[Labels, ...], severity: str, colour: str) -> None:
    data = message(tmp_path / "data.json", *firing, resolved=(HOT,), severity=severity)

    assert rendered("colour", data) == colour
