"""Compare HTTP servers on what an exporter needs: large answers that are ready made, and clients that misbehave.

Run ``python benchmarks/http_servers.py``. Servers that are not installed are left out; for all of them:
``pip install httptools hypercorn granian aiohttp``. The result and what follows from it: ``docs/http_server.md``.
"""

import asyncio
import contextlib
import gzip
import http.client
import importlib
import importlib.util
import os
import socket
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SAMPLES = 100_000
ROUNDS, REQUESTS = 5, 10
PIECE = 1024 * 1024  # as the application hands its answers over
IDLE, HALF_SENT = 200, 50
PATIENCE = 15.0
HEAD = (
    "server",
    "plain",
    "gzip",
    "plain, crowd",
    "gzip, crowd",
    "keep-alive",
    "threads alone, in a crowd",
    "request line of 2 MB",
    "half-sent request",
)
LONG_LINE = b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: a\r\n"
HALF = b"GET /plain HTTP/1.1\r\nHost: a\r\nX-Half: "
REFERENCE = "this exporter"


def exposition(samples: int) -> bytes:
    """Text as the exporter serves it: five labels, a value that differs from line to line."""
    name = "fusionsolar_device_active_power_watts"
    lines = [f"# HELP {name} Active power.", f"# TYPE {name} gauge"]
    for n in range(samples):
        plant = f'account="default",plant_code="NE={35436844 + n // 20}",plant="Plant {n // 20}"'
        device = f'device_id="{1000000033950000 + n * 7}",device="Inverter {n % 20}",device_type="string_inverter"'
        lines.append(f"{name}{{{plant},{device}}} {n * 37.125 % 99999}")
    return "\n".join(lines).encode() + b"\n"


PLAIN = exposition(SAMPLES)
BODIES = {"/plain": PLAIN, "/gzip": gzip.compress(PLAIN, 3)}


async def asgi_app(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = BODIES[scope["path"]]
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for begin in range(0, len(body), PIECE):
        await send({"type": "http.response.body", "body": body[begin : begin + PIECE], "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def serve_this_exporter(port: int) -> None:
    from fusionsolar_exporter.web.addresses import listen_on  # noqa: PLC0415
    from fusionsolar_exporter.web.server import WebServer  # noqa: PLC0415 - each process loads its own server only

    server = WebServer(asgi_app, listen_on([f"127.0.0.1:{port}"]))
    server.run()


def serve_uvicorn(port: int, protocol: str) -> None:
    uvicorn: Any = importlib.import_module("uvicorn")
    quiet = {"access_log": False, "log_level": "critical"}
    uvicorn.run(asgi_app, port=port, http=protocol, loop="asyncio", lifespan="off", ws="none", **quiet)


def serve_hypercorn(port: int) -> None:
    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "critical"
    serve: Any = importlib.import_module("hypercorn.asyncio").serve
    asyncio.run(serve(asgi_app, config))


def serve_granian(port: int) -> None:
    granian: Any = importlib.import_module("granian").Granian
    os.chdir(Path(__file__).parent)
    sys.path.insert(0, str(Path(__file__).parent))
    granian("http_servers:asgi_app", port=port, interface="asginl", log_enabled=False).serve()


def serve_aiohttp(port: int) -> None:
    web: Any = importlib.import_module("aiohttp.web")

    async def answer(request: Any) -> Any:
        return web.Response(body=BODIES[request.path], content_type="text/plain")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def serve_prometheus_client(port: int) -> None:
    threading_server: Any = importlib.import_module("prometheus_client.exposition").ThreadingWSGIServer
    wsgi: Any = importlib.import_module("wsgiref.simple_server")

    class SilentHandler(wsgi.WSGIRequestHandler):  # type: ignore[misc] # loaded at run time
        def log_message(self, *_: Any) -> None:
            pass

    def app(environ: Any, start_response: Any) -> list[bytes]:
        body = BODIES[environ["PATH_INFO"]]
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    wsgi.make_server("127.0.0.1", port, app, threading_server, SilentHandler).serve_forever()


SERVERS: dict[str, tuple[str, Callable[[int], None]]] = {
    REFERENCE: ("uvicorn", serve_this_exporter),
    "uvicorn, h11": ("uvicorn", lambda port: serve_uvicorn(port, "h11")),
    "uvicorn, httptools": ("httptools", lambda port: serve_uvicorn(port, "httptools")),
    "hypercorn": ("hypercorn", serve_hypercorn),
    "granian": ("granian", serve_granian),
    "aiohttp": ("aiohttp", serve_aiohttp),
    "prometheus_client": ("prometheus_client", serve_prometheus_client),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def running(name: str) -> Iterator[tuple[int, int]]:
    """Start a server in a process of its own; give its process id and port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, name, str(port)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
        yield process.pid, port
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def milliseconds(port: int, path: str) -> float:
    """The median time of one answer; on one connection where the server keeps it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", path)
        length = len(connection.getresponse().read())
        times.append(time.perf_counter() - began)
        assert length == len(BODIES[path])
    connection.close()
    return statistics.median(times) * 1000


@contextlib.contextmanager
def crowd(port: int) -> Iterator[None]:
    """Clients that say nothing, and clients that stop in the middle of a request."""
    with contextlib.ExitStack() as opened:
        for number in range(IDLE + HALF_SENT):
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            if number >= IDLE:
                connection.sendall(HALF)
        yield


def family(pid: int) -> list[int]:
    """A process and its children: some servers work in a child."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(each for child in children for each in family(int(child)))]
    return []


def threads(pid: int) -> int:
    return sum(len(list(Path(f"/proc/{member}/task").iterdir())) for member in family(pid))


def outcome(port: int, sent: bytes) -> str:
    """What becomes of a connection that sends this and then waits."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        try:
            answer = connection.recv(4096)
        except TimeoutError:
            return f"still open after {PATIENCE:.0f} s"
        except ConnectionError:
            answer = b""
        after = time.monotonic() - began
        what = answer[9:12].decode() if answer else "closed"
        return f"{what} after {after:.0f} s" if after >= 1 else what


def keeps_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/gzip")
    connection.getresponse().read()
    kept = connection.sock is not None
    connection.close()
    return kept


def print_row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def fastest(ports: dict[str, int], path: str) -> dict[str, float]:
    """The least median of several rounds, turn by turn, so that a busy machine is unfair to nobody."""
    rounds = [{name: milliseconds(port, path) for name, port in ports.items()} for _ in range(ROUNDS)]
    return {name: min(each[name] for each in rounds) for name in ports}


def compare() -> None:
    print(f"{SAMPLES:,} samples: plain {len(PLAIN) / 1e6:.1f} MB, gzip {len(BODIES['/gzip']) / 1e6:.2f} MB.")
    print(f'Time of one answer, as a ratio to "{REFERENCE}"; crowd: {IDLE} idle, {HALF_SENT} half-sent.\n')
    with contextlib.ExitStack() as opened:
        found = [name for name, (module, _) in SERVERS.items() if importlib.util.find_spec(module)]
        processes = {name: opened.enter_context(running(name)) for name in found}
        ports = {name: port for name, (_, port) in processes.items()}
        columns = [fastest(ports, path) for path in BODIES]
        alone = {name: threads(pid) for name, (pid, _) in processes.items()}
        crowded: list[dict[str, float]] = []
        in_crowd: dict[str, int] = {}
        for path in BODIES:
            with contextlib.ExitStack() as crowds:
                for port in ports.values():
                    crowds.enter_context(crowd(port))
                in_crowd = {name: threads(pid) for name, (pid, _) in processes.items()}
                crowded.append(fastest(ports, path))
        columns += crowded
        with ThreadPoolExecutor(2 * len(found)) as pool:
            lines = {name: pool.submit(outcome, port, LONG_LINE) for name, port in ports.items()}
            halves = {name: pool.submit(outcome, port, HALF) for name, port in ports.items()}
        print_row(*HEAD)
        print_row(*["---"] * len(HEAD))
        for name in found:
            ratios = [f"{column[name] / column[REFERENCE]:.2f}" for column in columns]
            if name == REFERENCE:
                ratios = [f"{column[name]:.1f} ms" for column in columns]
            kept = "yes" if keeps_alive(ports[name]) else "no"
            counts = f"{alone[name]}, {in_crowd[name]}"
            print_row(name, *ratios, kept, counts, lines[name].result(), halves[name].result())


def compare_levels() -> None:
    print("\ngzip levels\n")
    print_row("level", "time against level 1", "size against level 1")
    print_row("---", "---", "---")
    levels = (1, 2, 3, 4, 6, 9)
    times: dict[int, float] = {}
    sizes: dict[int, int] = {}
    for _ in range(ROUNDS):
        for level in levels:
            began = time.perf_counter()
            compressor = zlib.compressobj(level, zlib.DEFLATED, 31)
            sizes[level] = len(compressor.compress(PLAIN) + compressor.flush())
            times[level] = min(times.get(level, PATIENCE), time.perf_counter() - began)
    for level in levels:
        print_row(str(level), f"{times[level] / times[1]:.2f}", f"{sizes[level] / sizes[1]:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SERVERS[sys.argv[1]][1](int(sys.argv[2]))
    else:
        compare()
        compare_levels()
