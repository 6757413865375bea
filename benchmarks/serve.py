"""One server in a process of its own: ``python -m benchmarks.serve KIND SAMPLES``; says on which port, and its memory.

Kinds: ``exporter``, ``paced`` (the same while an answer comes every second, as from the quickest account there is),
``hurried`` (while answers come one after the other without any pause), ``prometheus_client``.
"""

import contextlib
import json
import sys
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from benchmarks.fleet import Fleet, RenderedFleet
from fusionsolar_exporter import interpreter
from fusionsolar_exporter.metrics.registry import exported_registry, process_registry
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.server import WebServer

_KIB = 1024
PAUSES = {"paced": 1.0, "hurried": 0.0}


def memory(name: str) -> int:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * _KIB for line in lines if line.startswith(f"{name}:"))


def main(kind: str, samples: int) -> None:
    empty = memory("VmRSS")
    fleet = Fleet(samples)
    if kind == "prometheus_client":
        registry: CollectorRegistry = exported_registry(
            [fleet.collector(), fleet.own(), process_registry()], lambda _: True
        )
        server, _ = start_http_server(0, "127.0.0.1", registry)
        port = server.server_port
    else:
        rendered = RenderedFleet(fleet)
        clock = SystemClock()
        app = Application(rendered, clock=clock)
        web = WebServer(app, listen_on(["127.0.0.1:0"]))
        threading.Thread(target=web.run, daemon=True).start()
        port = int(web.addresses[0].rpartition(":")[2])
        if kind in PAUSES:
            rendered.refresh_for_ever(PAUSES[kind])
    print(json.dumps({"port": port, "empty": empty}), flush=True)
    for _ in sys.stdin:  # asked how much it needed so far
        print(json.dumps({"now": memory("VmRSS"), "peak": memory("VmHWM")}), flush=True)


if __name__ == "__main__":
    kind_of_server = sys.argv[1]
    as_installed = kind_of_server != "prometheus_client"
    with interpreter.set_up(1, SystemClock().now) if as_installed else contextlib.nullcontext():
        main(kind_of_server, int(sys.argv[2]))
