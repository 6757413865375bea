"""Compare what a scrape costs: ``python -m benchmarks.scrape [--largest SAMPLES] [--output DIRECTORY]``.

This exporter, the client library's own server over the same collector, and nginx sending the same bytes from a file;
plain and gzip, over kept connections where there are any, from a client in a process of its own. Then this exporter
while its values change, and among clients that misbehave. Prints a table, and writes ``scrape.json`` and
``scrape.svg``.
"""

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Self

from benchmarks import nginx
from benchmarks.fleet import BATCH, SAMPLES_OF_AN_INVERTER, Fleet, RenderedFleet
from benchmarks.picture import draw

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = {1_000: 30, 10_000: 25, 100_000: 15, 1_000_000: 6}
REQUESTS = {1_000: 20, 10_000: 20, 100_000: 10, 1_000_000: 2}
LIBRARY_REQUESTS = {1_000: 20, 10_000: 7, 100_000: 3, 1_000_000: 1}
BUSY_SAMPLES = 100_000
BUSY_REQUESTS = 1_000
LONG_REQUESTS = 15_000  # ten seconds: some answers come in them
REFRESHING = {"paced": "an answer every second", "hurried": "answers without a pause"}
IDLE, HALF_SENT, SLOW = 200, 50, 20
LARGEST_PACKED_BY_LIBRARY = 100_000  # beyond that it takes minutes

Row = dict[str, Any]


class Process:
    """A process that answers a line with a line of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._command} ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self, question: object) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def fetch(port: int, *, gzipped: bool) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics")
    if gzipped:
        request.add_header("Accept-Encoding", "gzip")
    with urllib.request.urlopen(request) as response:
        body: bytes = response.read()
        return body


@dataclass
class Times:
    """The seconds of scrapes by what was asked."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def take(self, client: Process, asked: Mapping[str, tuple[int, str, bool]], count: int) -> None:
        found = client.ask([[*page, count] for page in asked.values()])
        for name, seconds in zip(asked, found, strict=True):
            self.seconds.setdefault(name, []).extend(seconds)

    def median(self, name: str) -> float | None:
        return statistics.median(self.seconds[name]) if name in self.seconds else None

    def p99(self, name: str) -> float | None:
        return sorted(self.seconds[name])[int(len(self.seconds[name]) * 0.99)] if name in self.seconds else None

    def row(self) -> Row:
        return {name: {"median": self.median(name), "p99": self.p99(name)} for name in self.seconds}


def measure(size: int) -> Row:
    """Everything about one size of fleet."""
    times = Times()
    with Process("serve", "exporter", str(size)) as server, Process("client") as client:
        ready = server.read()
        port = ready["port"]
        plain, packed = fetch(port, gzipped=False), fetch(port, gzipped=True)
        with nginx.serving({"plain": plain, "gzip": packed}) as nginx_port:
            # formats apart: twenty megabytes of the one empty the processor's caches for the other
            for pages in (
                {"exporter": (port, "/metrics", False), "nginx": (nginx_port, "/plain", False)},
                {"exporter, gzip": (port, "/metrics", True), "nginx, gzip": (nginx_port, "/gzip", False)},
            ):
                Times().take(client, pages, 3)
                for _ in range(ROUNDS[size]):
                    times.take(client, pages, REQUESTS[size])
        memory = server.ask(None)
    with Process("serve", "prometheus_client", str(size)) as library, Process("client") as client:
        library_port = library.read()["port"]
        times.take(client, {"prometheus_client": (library_port, "/metrics", False)}, LIBRARY_REQUESTS[size])
        if size <= LARGEST_PACKED_BY_LIBRARY:
            times.take(client, {"prometheus_client, gzip": (library_port, "/metrics", True)}, LIBRARY_REQUESTS[size])
        library_memory = library.ask(None)
    return {
        "samples": sum(not line.startswith(b"#") for line in plain.splitlines()),
        "bytes": {"plain": len(plain), "gzip": len(packed)},
        "seconds": times.row(),
        "memory": {
            "empty": ready["empty"],
            **memory,
            "plain texts above empty": (memory["peak"] - ready["empty"]) / len(plain),
            "library peak": library_memory["peak"],
        },
    }


@contextlib.contextmanager
def crowd(port: int) -> Iterator[None]:
    """Clients that say nothing, half of something, or do not read."""
    with contextlib.ExitStack() as opened:
        for number in range(IDLE + HALF_SENT + SLOW):
            connection = opened.enter_context(contextlib.closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            if number >= IDLE + HALF_SENT:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            elif number >= IDLE:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nX-Half: ")
        yield


def under_load(size: int) -> Row:
    """This exporter in a crowd, and while values change; the requests of each in one go."""
    times = Times()
    with Process("client") as client:
        with Process("serve", "exporter", str(size)) as server:
            port = server.read()["port"]
            Times().take(client, {"": (port, "/metrics", True)}, 20)
            times.take(client, {"quiet, gzip": (port, "/metrics", True)}, BUSY_REQUESTS)
            times.take(client, {"quiet": (port, "/metrics", False)}, BUSY_REQUESTS // 5)
            with crowd(port):
                times.take(client, {"in a crowd, gzip": (port, "/metrics", True)}, BUSY_REQUESTS)
                times.take(client, {"in a crowd": (port, "/metrics", False)}, BUSY_REQUESTS // 5)
        for kind, name in REFRESHING.items():
            with Process("serve", kind, str(size)) as server:
                port = server.read()["port"]
                times.take(client, {f"{name}, gzip": (port, "/metrics", True)}, LONG_REQUESTS)
                times.take(client, {name: (port, "/metrics", False)}, BUSY_REQUESTS)
    return times.row()


def batch_seconds(size: int) -> Row:
    """Processor time of taking one answer, and of rendering what it changed."""
    fleet = Fleet(size)
    rendered = RenderedFleet(fleet)
    taking, rendering = [], []
    for body in islice(fleet.answers(), 40):
        began = time.process_time()
        fleet.take(body)
        taken = time.process_time()
        rendered.renderer.refresh()
        taking.append(taken - began)
        rendering.append(time.process_time() - taken)
    return {
        "samples": BATCH * SAMPLES_OF_AN_INVERTER,
        "parsing": statistics.median(taking),
        "rendering": statistics.median(rendering),
    }


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:,.2f}"


def table(sizes: Sequence[Row], load: Row, batches: Mapping[int, Row]) -> None:
    columns = ("exporter", "nginx", "prometheus_client")
    print(
        "samples | format | MB | " + " | ".join(f"{name}: median, p99 ms" for name in columns) + " | to nginx | faster"
    )
    for row in sizes:
        for suffix, kind in (("", "plain"), (", gzip", "gzip")):
            seconds = {name: row["seconds"].get(name + suffix, {"median": None, "p99": None}) for name in columns}
            shown = [f"{milliseconds(one['median'])}, {milliseconds(one['p99'])}" for one in seconds.values()]
            own, other, library = (seconds[name]["median"] for name in columns)
            faster = f"{library / own:,.0f} x" if library else "-"
            print(
                f"{row['samples']:,} | {kind} | {row['bytes'][kind] / 1e6:.2f} | {' | '.join(shown)} "
                f"| {own / other:.2f} x | {faster}"
            )
    for row in sizes:
        empty, now, peak, library = (row["memory"][key] / 1e6 for key in ("empty", "now", "peak", "library peak"))
        print(
            f"memory at {row['samples']:,} samples: {empty:.0f} MB empty, {now:.0f} MB, at most {peak:.0f} MB: "
            f"{row['memory']['plain texts above empty']:.2f} plain texts above empty; "
            f"prometheus_client at most {library:.0f} MB"
        )
    for name, one in load.items():
        print(f"{name}: median {milliseconds(one['median'])} ms, p99 {milliseconds(one['p99'])} ms")
    for size, batch in batches.items():
        parsing, rendering = milliseconds(batch["parsing"]), milliseconds(batch["rendering"])
        print(
            f"an answer of {batch['samples']:,} samples in a fleet of {size:,}: "
            f"parsing {parsing} ms, rendering {rendering} ms of processor time"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare what a scrape costs.")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out larger fleets")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="where the files go")
    options = parser.parse_args()
    if not nginx.installed():
        parser.error("nginx is not installed: apt-get install nginx")
    sizes = []
    for size in SIZES:
        if size <= options.largest:
            print(f"measuring {size:,} samples", file=sys.stderr)
            sizes.append(measure(size))
    print("measuring under load", file=sys.stderr)
    load = under_load(min(BUSY_SAMPLES, options.largest))
    batches = {size: batch_seconds(size) for size in SIZES[1:] if size <= options.largest}
    table(sizes, load, batches)
    options.output.mkdir(parents=True, exist_ok=True)
    found = {"sizes": sizes, "under load": load, "batches": batches}
    (options.output / "scrape.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (options.output / "scrape.svg").write_text(draw(sizes), encoding="utf-8")


if __name__ == "__main__":
    main()
