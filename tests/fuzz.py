"""A long run of one target: prints the seed, the number of inputs, and what was found, which it keeps."""

import argparse
import contextlib
import gc
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import TypeVar

import fuzz_trees
from fuzz_mutations import Mutations
from fuzz_targets import CORPUS, TARGETS, Target, seeds

_EVERY = 1000
_OWN = "fusionsolar_exporter."
T = TypeVar("T")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


TREES = "trees"


def _keep(target: str, data: bytes) -> Path:
    path = CORPUS / target / f"found-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def _mutate(target: str, run: Target, options: argparse.Namespace) -> int:
    mutations = Mutations(seeds(target), options.seed)
    return _try(target, options, mutations.next, run, lambda data: _keep(target, data))


def _mutate_trees(options: argparse.Namespace) -> int:
    mutations = fuzz_trees.TreeMutations(seeds("parsers"), options.seed)

    def run(given: tuple[object, fuzz_trees.Parse]) -> None:
        fuzz_trees.run(*given)

    return _try(TREES, options, mutations.next, run, lambda given: _keep("parsers", fuzz_trees.spelt(given[0])))


def _try(
    target: str,
    options: argparse.Namespace,
    following: Callable[[], T],
    run: Callable[[T], None],
    keep: Callable[[T], Path],
) -> int:
    began = time.monotonic()
    found = count = 0
    with contextlib.suppress(KeyboardInterrupt):  # says how far it came
        while count < options.inputs and (count % _EVERY or time.monotonic() - began < options.seconds):
            data = following()
            count += 1
            try:
                run(data)
            except Exception as error:  # noqa: BLE001 - any exception is a finding
                found += 1
                _say(f"{type(error).__name__}: {error!s:.200} in {keep(data)}")
    took = time.monotonic() - began
    _say(f"{target}: seed {options.seed}, {count:,} inputs in {took:.0f} s, {found} with an exception")
    return found


def _guided(target: str, run: Target, options: argparse.Namespace) -> None:
    """Follow what the inputs reach; ends the process. Needs atheris, which has no wheel for every Python."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore] # noqa: PLC0415 - optional

    for each in gc.get_objects():
        # of the product's own: with all that is imported it never begins
        if isinstance(each, FunctionType) and (each.__module__ or "").startswith(_OWN):
            atheris.instrument_func(each)
    limits = [
        *(f"-max_total_time={options.seconds}", f"-runs={options.inputs}", f"-seed={options.seed}"),
        f"-artifact_prefix={CORPUS / target}/found-",
    ]
    learnt = tempfile.mkdtemp(prefix="fuzz-")  # what reaches new lines, and is no finding
    atheris.Setup([sys.argv[0], *limits, learnt, str(CORPUS / target)], run)
    atheris.Fuzz()


def main() -> int:
    """Run the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, TREES])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--inputs", type=int, default=sys.maxsize >> 32)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--guided", action="store_true", help="with atheris: pip install atheris")
    options = parser.parse_args()
    if options.target == TREES:
        return 1 if _mutate_trees(options) else 0
    with TARGETS[options.target]() as run:
        if options.guided:
            _guided(options.target, run, options)
        return 1 if _mutate(options.target, run, options) else 0


if __name__ == "__main__":
    sys.exit(main())
