"""``doctor`` over real HTTP against the simulated system, with a clock that the test controls."""

import io
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.command import Lines
from support.http_world import PASSWORD, USER, FarSide
from support.manual_clock import ManualClock

from fusionsolar_exporter import cli, logs
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.doctor import command
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer


@dataclass(frozen=True)
class Visit:
    """One run of the command."""

    status: int
    output: str
    progress: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output)
        return found

    @property
    def account(self) -> dict[str, Any]:
        """The only one."""
        (account,) = self.report["accounts"]
        found: dict[str, Any] = account
        return found

    @property
    def permitted(self) -> dict[str, bool | None]:
        return {each["interface"]: each["permitted"] for each in self.account["interfaces"]}

    def interface(self, name: str) -> dict[str, Any]:
        (found,) = (each for each in self.account["interfaces"] if each["interface"] == name)
        result: dict[str, Any] = found
        return result

    def device_type(self, type_id: int) -> dict[str, Any]:
        (found,) = (each for each in self.account["device_types"] if each["device_type_id"] == type_id)
        result: dict[str, Any] = found
        return result


def visit(
    config: Mapping[str, Any],
    clock: ManualClock,
    *flags: str,
    json_report: bool = True,
    output: io.StringIO | None = None,
) -> Visit:
    """Run the command over a configuration."""
    output = output or io.StringIO()
    progress, stderr = Lines(), sys.stderr
    args = cli._parser().parse_args(["doctor", *flags, *(["--json"] if json_report else [])])
    sys.stderr = progress
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logs.configure("debug", "logfmt", progress)
    try:
        status = command.run(args, validate(config, Path.cwd()), EventLogger(), clock=clock, output=output)
    finally:
        sys.stderr = stderr
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
        root.setLevel(level)
    return Visit(status, output.getvalue(), progress.getvalue())


class Practice:
    """A far side of its own, and a state that outlives each visit; a context manager."""

    def __init__(
        self,
        directory: Path,
        plan: FleetPlan | None = None,
        *,
        rules: Rules | None = None,
        forbidden: frozenset[Interface] | None = None,
        **sections: Any,
    ) -> None:
        self.clock = ManualClock()
        self.system = FarSide(SimulatedFleet(plan or FleetPlan()), self.clock, rules=rules, forbidden=forbidden)
        self.server = SimulatorServer(self.system)
        self.account_keys: dict[str, Any] = {}
        self.sections = {"state": {"url": f"sqlite:{directory}/state.sqlite"}, **sections}
        self.password = PASSWORD

    @property
    def account(self) -> dict[str, Any]:
        keys = {"name": "roofs", "url": self.server.url, "username": USER, "password": self.password}
        return {**keys, **self.account_keys}

    def visit(self, *flags: str, json_report: bool = True, output: io.StringIO | None = None, **sections: Any) -> Visit:
        config = {"accounts": [self.account], **self.sections, **sections}
        found = visit(config, self.clock, *flags, json_report=json_report, output=output)
        told = found.output + found.progress
        assert PASSWORD not in told
        assert not any(token in told for token in self.system.tokens)
        return found

    def order(self, kind: FaultKind, interface: Interface | None = None, **how: Any) -> None:
        self.system.faults.order(Fault(kind, interface, **how))

    @property
    def asked(self) -> dict[str, int]:
        """Requests by interface."""
        return {interface.value: count for interface, count in self.system.log.counts.items()}

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()
        if kind is None:
            assert self.system.quotas.broken == []
            assert self.system.log.max_in_flight <= 1
