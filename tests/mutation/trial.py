"""The tests of one mistake, in a copy of the tree and a process of their own that has imported nothing of it yet."""

import importlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from mutation.sample import Drawn

# what every test waits for; the package itself is imported anew for each mistake
_HEAVY = ("bcrypt", "cryptography.x509", "h11", "hypothesis", "prometheus_client", "pydantic", "redis", "requests")
_HEAVY_TOO = ("trustme", "uvicorn", "yaml")
_ARGUMENTS = (
    *("-x", "-q", "--no-cov", "--no-header", "--tb=short", "-rfE", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of what was imported before
)
_SPARE_SECONDS = 20  # of a processor, beside three times what the tests take
_PATIENCE = 15  # how much longer than its processor's time a trial may take


class Copy:
    """The tree as git knows it, with what is not committed yet."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._sound: set[str] = set()
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPATH"] = f"{folder}{os.pathsep}{folder / 'tests'}"
        for module in (*_HEAVY, *_HEAVY_TOO):
            importlib.import_module(module)

    def put(self, name: str, text: str) -> None:
        """Write one module, and let no compiled one stand for it."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def catches(self, drawn: Drawn, tests: Sequence[str], seconds: float) -> bool:
        """Whether one of these tests fails with the mistake, and passes without it."""
        left = list(tests)
        while left:
            self.put(drawn.name, drawn.mutant.text)
            passed = self.passes(left, seconds)
            self.put(drawn.name, (self._root / drawn.name).read_text(encoding="utf-8"))
            if passed:
                return False
            failed = self._failed() or left[0]  # of what cannot be imported any more none is named
            if failed in self._sound or self.passes([failed], seconds):
                self._sound.add(failed)
                return True
            left = [test for test in left if test != failed]
        return False

    def _failed(self) -> str:
        log = (self.folder / "trial.log").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^(?:FAILED|ERROR) (tests/\S+::.*?)(?: - .*)?$", log, re.MULTILINE)
        return found[1] if found else ""

    def passes(self, tests: Sequence[str], seconds: float) -> bool:
        """Whether all of these tests do; what takes many times longer than it should does not."""
        limit = int(_SPARE_SECONDS + 3 * seconds)
        listed = self.folder / "trial.txt"
        listed.write_text("\n".join(tests), encoding="utf-8")
        child = os.fork()
        if not child:
            self._test(listed, limit)
        ended = threading.Timer(limit * _PATIENCE, _end, [child])
        ended.start()
        _, status = os.waitpid(child, 0)
        ended.cancel()
        _end(child)  # what the tests started and did not end
        return status == 0

    def _test(self, listed: Path, limit: int) -> None:
        status = 1
        try:
            os.setsid()
            os.chdir(self.folder)
            sys.path[:0] = [str(self.folder), str(self.folder / "tests")]
            sys.dont_write_bytecode = False
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            with (self.folder / "trial.log").open("w") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                status = int(pytest.main([*_ARGUMENTS, f"@{listed}"]))
        except BaseException:  # noqa: BLE001 - of a child that must not go on as its parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def _end(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
