"""What the recording and alerting rules cost a real Prometheus: ``scripts/benchmark rules [--plants 1000]``.

A fleet as the exporter would export it is scraped for some minutes, over five weeks of energies of its strings; every
group is evaluated twice a minute, however seldom it is evaluated in earnest.
"""

import argparse
import json
import re
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RULES = Path(__file__).parents[1] / "deploy" / "prometheus"
INVERTERS, STRINGS = 2, 10  # of a plant, and of each inverter
QUARTER, WEEKS = 6 * 3600, 6
_CONFIG = """\
global: {{scrape_interval: 15s, evaluation_interval: 30s}}
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
        yield f'fusionsolar_plant_devices{{{own},device_type="residential_inverter"}} {INVERTERS}'
        meter, battery = device_labels(plant, 8, "power_sensor"), device_labels(plant, 9, "battery")
        yield f"fusionsolar_device_active_power_watts{{{meter}}} 9000"
        yield f"fusionsolar_device_charge_discharge_power_watts{{{battery}}} 2000"
        yield f"fusionsolar_device_charged_energy_watthours_total{{{battery}}} 90000"
        yield f"fusionsolar_device_discharged_energy_watthours_total{{{battery}}} 80000"
        for number in range(INVERTERS):
            inverter = device_labels(plant, number, "residential_inverter")
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


def history(plants: int, now: float) -> Iterator[str]:
    """What six hours of each string brought, for five weeks and more."""
    first = int(now // QUARTER) - WEEKS * 28
    for plant in range(plants):
        for number in range(INVERTERS):
            inverter = device_labels(plant, number, "residential_inverter")
            for pv in range(STRINGS):
                for name, value in (("pv_string_quarter_energy:kilowatthours", 2 + pv / 10), ("pv_string:apart", 0)):
                    series = f'fusionsolar:{name}{{{inverter},pv="{pv}"}}'
                    for step in range(WEEKS * 28):
                        yield f"{series} {value} {(first + step) * QUARTER}"


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


def groups(port: int) -> list[dict[str, Any]]:
    """The groups of rules with their newest times."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["data"]["groups"]
    return found


def measure(plants: int, directory: Path, port: int, seconds: float) -> list[dict[str, Any]]:
    """Run Prometheus for so long."""
    (directory / "rules").mkdir()
    for path in RULES.glob("*.rules.yml"):
        often = re.sub(r"^ +interval: .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (directory / "rules" / path.name).write_text(often, encoding="utf-8")
    with (directory / "history.om").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in history(plants, time.time()))
        file.write("# EOF\n")
    blocks = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=1024h")
    subprocess.run([*blocks, directory / "history.om", directory / "data"], check=True, capture_output=True)
    server = serve("".join(f"{line}\n" for line in exposition(plants)).encode())
    config = directory / "prometheus.yml"
    config.write_text(_CONFIG.format(rules=directory / "rules", port=server.server_address[1]))
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        "--storage.tsdb.retention.time=1y",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (directory / "log").open("w") as log, subprocess.Popen(["prometheus", *arguments], stderr=log) as process:
        try:
            time.sleep(seconds)
            return groups(port)
        finally:
            process.terminate()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each group, dearest first, and the sum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--port", type=int, default=19095)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        found = measure(given.plants, Path(directory), given.port, given.seconds)
    strings = given.plants * INVERTERS * STRINGS
    print(f"{given.plants} plants, {strings} strings, {sum(len(group['rules']) for group in found)} rules")
    for group in sorted(found, key=lambda group: -group["evaluationTime"]):
        health = {rule["health"] for rule in group["rules"]}
        print(f"{group['evaluationTime'] * 1000:8.1f} ms  {group['name']}  {'' if health == {'ok'} else health}")
    print(f"{sum(group['evaluationTime'] for group in found) * 1000:8.1f} ms  all")


if __name__ == "__main__":
    main()
