"""What the recording and alerting rules cost a real Prometheus: ``scripts/benchmark rules [--plants 1000]``.

A fleet as the exporter would export it is scraped for some minutes, over six weeks of what rules have recorded of its
strings; every group is evaluated twice a minute, however seldom it is evaluated in earnest. With ``--frequent`` groups
of hours keep their intervals and there is no past: what is evaluated every few minutes needs none, and is not slowed
down by groups that run a few times a day. ``--against DIR`` names other rules, which are measured over the same past.
"""

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RULES = Path(__file__).parents[1] / "deploy" / "prometheus"
INVERTERS, STRINGS = 2, 10  # of a plant, and of each inverter
INVERTER = "residential_inverter"
QUARTER, WEEKS = 6 * 3600, 6
EVERY = 60  # seconds between evaluations of groups that name no interval
SETTLED = 120  # seconds after which every rule has what it builds on
_CONFIG = """\
global: {{scrape_interval: 30s, scrape_timeout: 30s, evaluation_interval: 30s}}
rule_files: [{rules}/*.yml]
scrape_configs: [{{job_name: fusionsolar, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


def plant_labels(plant: int) -> str:
    """The labels of a plant."""
    return f'account="home",plant_code="NE={plant}",plant="Plant {plant}"'


def device_labels(plant: int, number: int, device_type: str) -> str:
    """The labels of a device."""
    return (
        f'{plant_labels(plant)},device_id="{plant * 10 + number}",device="Device {number}",device_type="{device_type}"'
    )


def exposition(plants: int) -> Iterator[str]:
    """One scrape of the whole fleet."""
    for plant in range(plants):
        own = plant_labels(plant)
        for name, value in (
            ("plant_info", 1),
            ("plant_capacity_watts", 100000),
            ("plant_latitude_degrees", 40 + plant % 10),
            ("plant_longitude_degrees", plant % 30),
            ("plant_active_power_watts", 40000),
            ("plant_day_yield_watthours", 200000 + plant),
            ("plant_total_yield_watthours", 9e8),
            ("plant_yield_watthours_total", 9e8),
            ("plant_feed_in_energy_watthours_total", 5e8),
            ("plant_consumption_watthours_total", 5e8),
        ):
            yield f"fusionsolar_{name}{{{own}}} {value}"
        yield f'fusionsolar_plant_health_state{{{own},health_state="3",description="healthy"}} 1'
        for device_type, count in ((INVERTER, INVERTERS), ("power_sensor", 1), ("battery", 1)):
            yield f'fusionsolar_plant_devices{{{own},device_type="{device_type}"}} {count}'
        meter, battery = device_labels(plant, 8, "power_sensor"), device_labels(plant, 9, "battery")
        yield from (f"fusionsolar_device_connected{{{device}}} 1" for device in (meter, battery))
        yield f"fusionsolar_device_meter_online{{{meter}}} 1"
        yield f"fusionsolar_device_active_power_watts{{{meter}}} 9000"
        yield f"fusionsolar_device_charge_discharge_power_watts{{{battery}}} 2000"
        yield f"fusionsolar_device_charged_energy_watthours_total{{{battery}}} 90000"
        yield f"fusionsolar_device_discharged_energy_watthours_total{{{battery}}} 80000"
        for number in range(INVERTERS):
            inverter = device_labels(plant, number, INVERTER)
            for name in ("active_power_watts", "dc_input_power_watts", "internal_temperature_celsius", "connected"):
                yield f"fusionsolar_device_{name}{{{inverter}}} 1"
            yield f"fusionsolar_device_info{{{inverter}}} 1"
            yield f'fusionsolar_device_inverter_state{{{inverter},inverter_state="512",description="Grid-connected"}} 1'
            for phase in "abc":
                yield f'fusionsolar_device_phase_voltage_volts{{{inverter},phase="{phase}"}} 230'
            for tracker in range(STRINGS // 2):
                yield f'fusionsolar_device_mppt_total_energy_watthours{{{inverter},mppt="{tracker}"}} 9e6'
            for pv in range(STRINGS):
                yield f'fusionsolar_device_pv_voltage_volts{{{inverter},pv="{pv}"}} 600'
                yield f'fusionsolar_device_pv_current_amperes{{{inverter},pv="{pv}"}} {5 + pv / 10}'


def past(plants: int, now: float) -> Iterator[str]:
    """What rules have recorded: a value of every string four times a day for six weeks, and of the last hour."""
    first = int(now // QUARTER) - WEEKS * 28
    weeks = [(first + step) * QUARTER for step in range(WEEKS * 28)]
    hour = [int(now) - 3600 + 300 * step for step in range(12)]
    for inverter in (device_labels(plant, number, INVERTER) for plant in range(plants) for number in range(INVERTERS)):
        for pv in range(STRINGS):
            labels = f'{inverter},pv="{pv}"'
            yield steady(f"fusionsolar:pv_string_quarter_energy:kilowatthours{{{labels}}} {2 + pv / 10}", weeks)
            yield steady(f"fusionsolar:pv_string:apart{{{labels}}} 0", weeks)
            yield steady(f"fusionsolar:pv_string:fitted{{{labels}}} 1", weeks[-3 * 4 :])
            yield steady(f"fusionsolar:pv_string_power:watts{{{labels}}} {3000 + pv}", hour)
            for name, value in (("week_energy:kilowatthours", 56 + pv), ("week:apart", 0), ("week:judged", 28)):
                yield steady(f"fusionsolar:pv_string_{name}{{{labels}}} {value}", weeks[-32 * 4 :: 4])
        for tracker in range(STRINGS // 2):
            labels = f'{inverter},mppt="{tracker}"'
            yield steady(f"fusionsolar:mppt:apart{{{labels}}} 0", weeks)
            yield steady(f"fusionsolar:mppt_energy:kilowatthours{{{labels}}} 9000", weeks[-36 * 4 :: 4])


def steady(sample: str, moments: Sequence[int]) -> str:
    """Lines of one series with one value."""
    return f"{sample} " + f"\n{sample} ".join(map(str, moments)) + "\n"


def blocks(plants: int, directory: Path) -> Path:
    """The past as Prometheus keeps it."""
    text, made = directory / "past.om", directory / "past"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(past(plants, time.time()))
        file.write("# EOF\n")
    command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1024h", text, made)
    subprocess.run(command, check=True, capture_output=True)
    text.unlink()
    return made


def serve(body: bytes) -> ThreadingHTTPServer:
    """Answer every request with one exposition."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # a scrape that took too long
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def groups(url: str) -> list[dict[str, Any]]:
    """The groups of rules with their newest times."""
    with urllib.request.urlopen(f"{url}/api/v1/rules", timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["groups"]
    return found


@dataclass(slots=True)
class Group:
    """One group of rules, with the times of its evaluations in seconds."""

    interval: float
    rules: int
    times: list[float] = field(default_factory=list)
    by_rule: dict[str, list[float]] = field(default_factory=dict)
    health: set[str] = field(default_factory=set)

    @property
    def time(self) -> float:
        """The shortest of each rule: the others have waited for a processor."""
        return sum(min(times) for times in self.by_rule.values())

    @property
    def each_minute(self) -> float:
        """Its share of a minute."""
        return self.time * EVERY / self.interval


def intervals(rules: Path) -> dict[str, float]:
    """How often each group is evaluated in earnest, in seconds."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(rules.glob("*.rules.yml")))
    found: dict[str, float] = {}
    for name, lines in re.findall(r"^  - name: (\S+)\n(.*?)^    rules:", text, re.MULTILINE | re.DOTALL):
        given = re.search(r"interval: (\d+)([mhd])", lines)
        found[name] = int(given[1]) * {"m": 60, "h": 3600, "d": 86400}[given[2]] if given else EVERY
    return found


def measure(rules: Path, directory: Path, past: Path | None, target: int, seconds: float) -> dict[str, Group]:
    """Run Prometheus for so long."""
    (directory / "rules").mkdir(parents=True)
    for path in rules.glob("*.rules.yml"):
        text = path.read_text(encoding="utf-8")
        often = r"^ +interval: \d+m.*\n" if past is None else r"^ +interval: .*\n"
        text = re.sub(often, "", text, flags=re.MULTILINE)
        (directory / "rules" / path.name).write_text(text, encoding="utf-8")
    if past is not None:
        shutil.copytree(past, directory / "data")
    config = directory / "prometheus.yml"
    config.write_text(_CONFIG.format(rules=directory / "rules", port=target))
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        "--storage.tsdb.retention.time=1y",
        "--web.listen-address=127.0.0.1:0",
    )
    found = {name: Group(interval, 0) for name, interval in intervals(rules).items()}
    log = directory / "log"
    with log.open("w") as file, subprocess.Popen(["prometheus", *arguments], stderr=file) as process:
        try:
            url = listening(log)
            time.sleep(SETTLED)
            end = time.monotonic() + seconds
            seen = {(group["name"], group["lastEvaluation"]) for group in groups(url)}
            while time.monotonic() < end:
                time.sleep(5)
                for group in groups(url):
                    if (group["name"], group["lastEvaluation"]) not in seen:
                        seen.add((group["name"], group["lastEvaluation"]))
                        note(found[group["name"]], group)
        finally:
            process.terminate()
    return found


def note(found: Group, group: dict[str, Any]) -> None:
    """One more evaluation."""
    found.rules, found.health = len(group["rules"]), {rule["health"] for rule in group["rules"]}
    found.times.append(group["evaluationTime"])
    for rule in group["rules"]:
        found.by_rule.setdefault(rule["name"], []).append(rule["evaluationTime"])


def listening(log: Path) -> str:
    """The address that it has chosen."""
    for _ in range(600):
        match = re.search(r'msg="Listening on" address=(\S+)', log.read_text())
        if match:
            return f"http://{match[1]}"
        time.sleep(0.2)
    raise SystemExit(log.read_text())


def report(rules: Path, found: dict[str, Group]) -> None:
    """A line for each group, the dearest of a minute first, with its dearest rule; and the sums."""
    print(f"\n{rules}: {sum(group.rules for group in found.values())} rules")
    print("     once  each minute      every  group, its dearest rule")
    for name, group in sorted(found.items(), key=lambda item: -item[1].each_minute):
        rule, times = max(group.by_rule.items(), key=lambda item: min(item[1]), default=("-", [0.0]))
        health = "" if group.health == {"ok"} else group.health
        print(
            f"{group.time * 1000:6.0f} ms {group.each_minute * 1000:9.1f} ms {group.interval:8.0f} s  "
            f"{name} {rule} {min(times) * 1000:.0f} ms {health}"
        )
    seldom = [group for group in found.values() if group.interval > EVERY]
    for until in (EVERY, 2 * EVERY, 5 * EVERY, 24 * 60 * EVERY):
        share = sum(group.each_minute for group in found.values() if group.interval <= until)
        print(f"{share * 1000:6.0f} ms  of each minute for the groups of every {until // EVERY} minutes and of less")
    print(f"{max((group.time for group in seldom), default=0.0) * 1000:6.0f} ms  the dearest of these, once")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--against", type=Path, action="append", default=[], help="a directory of other rules")
    parser.add_argument("--frequent", action="store_true", help="groups of minutes alone, without a past")
    given = parser.parse_args(arguments)
    strings = given.plants * INVERTERS * STRINGS
    print(f"{given.plants} plants, {strings} strings; the shortest of the evaluations within {given.seconds:.0f} s")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        before = None if given.frequent else blocks(given.plants, directory)
        server = serve("".join(f"{line}\n" for line in exposition(given.plants)).encode())
        for number, rules in enumerate([*given.against, RULES]):
            port = server.server_address[1]
            report(rules, measure(rules, directory / str(number), before, port, given.seconds))


if __name__ == "__main__":
    main()
