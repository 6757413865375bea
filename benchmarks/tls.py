"""What a scrape over TLS costs against nginx: ``python -m benchmarks.tls [--samples N ...]``; nginx is needed.

Both with the same certificate and the same bytes, over a connection that each keeps, asked in turn by a client in a
process of its own.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import certificate, nginx
from benchmarks.scrape import Process, Times, fetch

_ROUNDS = 40
_REQUESTS = 5
_PAGES = {"plain": (False, "plain"), "gzip": (True, "gzip")}


def measure(samples: int, papers: Path) -> None:
    """Print what one size of fleet costs in either format."""
    with Process("serve", "exporter", str(samples)) as server:
        port = server.read()["port"]
        bodies = {name: fetch(port, gzipped=gzipped) for name, (gzipped, _) in _PAGES.items()}
    web_config = certificate.web_config(papers)
    with (
        Process("load", "--serve", "--samples", str(samples), "--web-config", str(web_config)) as server,
        nginx.serving(bodies, papers) as nginx_port,
        Process("client", "--tls") as client,
    ):
        port = server.read()
        for name, (gzipped, file) in _PAGES.items():
            asked = {"exporter": (port, "/metrics", gzipped), "nginx": (nginx_port, f"/{file}", False)}
            Times().take(client, asked, 3)
            times = Times()
            for _ in range(_ROUNDS):
                times.take(client, asked, _REQUESTS)
            ours, theirs = times.median("exporter") or 0.0, times.median("nginx") or 1.0
            print(
                f"{samples:9,} samples, {name:5}: {len(bodies[name]) / 1e6:7.2f} MB, exporter {ours * 1e3:7.2f} ms, "
                f"nginx {theirs * 1e3:7.2f} ms, {ours / theirs:.2f} times",
                flush=True,
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options = parser.parse_args()
    if not nginx.installed():
        parser.error("nginx is missing: apt-get install nginx")
    with tempfile.TemporaryDirectory(prefix="tls-") as folder:
        Path(folder).chmod(0o755)  # nginx reads it as nobody
        for samples in options.samples:
            measure(samples, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
