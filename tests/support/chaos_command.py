"""The real command in a process of its own, in time that a test gives: ``python -m support.chaos_command TIME …``.

TIME is the file of a :class:`DrivenClock`, the other arguments are the command's own. Each line of standard input is a
moment until which the command lives; then standard output has a line about what it knows. What it knew as it sent a
request is in a header of that.
"""

import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typing_extensions import override

from fusionsolar_exporter import building, serving, start
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer
from fusionsolar_exporter.refresh import account as refresh_account
from fusionsolar_exporter.state.redis import link
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.supervision import ThreadKind
from support.driven_clock import DrivenClock
from support.redis_server import TimedLink

NAP = 300.0
"""Nobody else wants the account, and looking around every few seconds would take most of the time."""
KNOWN_HEADER = "X-Known"
LISTS = (CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST)


class Driven:
    """What a test wants to know of a command that runs, and what it replaces in it."""

    def __init__(self, time: Path) -> None:
        self.clock = DrivenClock(time, self._threads)
        self.exporter: Exporter | None = None

    def run(self, arguments: list[str]) -> int:
        """The command."""

        def build(*positional: Any, **named: Any) -> Exporter:
            self.exporter = building.build_exporter(*positional, **named)
            threading.Thread(target=self._obey, daemon=True).start()
            return self.exporter

        driven = self

        class Noting(HttpTransport):
            @override
            def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
                headers = {**auth.headers, KNOWN_HEADER: json.dumps(driven.known())}
                return super().post(path, payload, replace(auth, headers=headers))

        sys.argv[1:] = arguments
        with (
            patch.object(serving, "build_exporter", build),
            patch.object(serving, "SystemClock", lambda: self.clock),
            patch.object(building, "HttpTransport", Noting),
            patch.object(refresh_account, "_LONGEST_NAP", NAP),
            patch.object(refresh_account, "_LONGEST_NAP_SHARED", NAP),
            patch.object(link, "RedisLink", TimedLink),
        ):
            return start.main()

    def known(self) -> dict[str, object]:
        """What it plans, and what it knows of its fleet."""
        engine, now = self._account._engine, self.clock.now()
        lists = [(each.limiter, each.planned_interface()) for each in engine.collectors.all if each.name in LISTS]
        return {
            "now": now,
            "plants": list(engine.inventory.listed),
            "devices": list(engine.inventory.devices),
            "intervals": {each.name: each.interval for each in engine.collectors.all},
            "lives": {each.name: each.auto_ttl() for each in engine.collectors.all},
            "lists_may_be_asked": all(
                of.reserve(interface, now) >= 1 and of.earliest(interface) <= now for of, interface in lists
            ),
        }

    def served(self) -> dict[str, object]:
        """Whose values may be served now."""
        served = self._account.cache.snapshot()
        return {
            CollectorName.PLANT_REALTIME: list(served.plant_readings),
            CollectorName.DEVICE_REALTIME: list(served.device_readings),
            CollectorName.ALARMS: [code for code, alarms in served.alarms.items() if alarms.complete],
        }

    @property
    def _account(self) -> refresh_account.Account:
        assert self.exporter is not None
        (account,) = self.exporter._accounts.all()
        return account

    def _threads(self) -> int:
        """Those that live by the clock: connections live by the machine's."""
        return sum(beat.kind is not ThreadKind.WEB for beat in self.exporter.supervisor._beats) if self.exporter else 0

    def _obey(self) -> None:
        for line in sys.stdin:
            self.clock.run_to(float(line))
            sys.stdout.write(json.dumps({**self.known(), "served": self.served()}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(Driven(Path(sys.argv[1])).run(sys.argv[2:]))
