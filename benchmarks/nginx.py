"""nginx with files of ready bytes: what a scrape costs where nothing but sending is left to do."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.certificate import CERTIFICATE, KEY

_SECONDS = 10
_CONFIGURATION = """
worker_processes 1;
daemon off;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    default_type text/plain;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{ listen 127.0.0.1:{port}{ssl}; root {directory}/files; }}
}}
"""

_SSL = " ssl; ssl_certificate {certificate}; ssl_certificate_key {key}"


def installed() -> bool:
    """Whether there is an nginx to compare with."""
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/bin") is not None


@contextlib.contextmanager
def serving(files: Mapping[str, bytes], papers: Path | None = None) -> Iterator[int]:
    """Serve these files by name, over TLS with the certificate and key in the folder ``papers``; gives the port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/bin") or "nginx"
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "files").mkdir()
        for file, content in files.items():
            (directory / "files" / file).write_bytes(content)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        configuration = directory / "nginx.conf"
        ssl = "" if papers is None else _SSL.format(certificate=papers / CERTIFICATE, key=papers / KEY)
        configuration.write_text(_CONFIGURATION.format(directory=directory, port=port, ssl=ssl), encoding="utf-8")
        process = subprocess.Popen([program, "-e", str(directory / "error.log"), "-c", str(configuration)])
        try:
            _await(port)
            yield port
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _await(port: int) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
