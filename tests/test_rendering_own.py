"""What is said about accounts themselves is rendered by account, and is what the client library makes of it."""

import dataclasses
import gzip
import math
import threading
from collections.abc import Iterable

from metrics_support import FixedClock, export_settings, snapshot, status
from prometheus_client import CollectorRegistry
from support.exposition import render
from support.world import ListLog

from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry
from fusionsolar_exporter.metrics.status_collector import StatusCollector, StatusSamples
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.rendering.own_metrics import NO_METRICS
from fusionsolar_exporter.rendering.own_pieces import OwnPieces
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import AccountStatus, CollectorName, CollectorStatus, InterfaceStatus
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView

NAMES = ("home", 'a"\n\\\ud800')
DURATION = "fusionsolar_api_request_duration_seconds"


class Site:
    """Some accounts, the renderer over them, and the client library over the same."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.statuses = {name: self.busy(name) for name in NAMES}
        self.exports = AccountExports(self.views, export_settings(), self.clock, lambda *_: None)
        counted = CollectorRegistry()
        self.instruments = OwnInstruments(counted)
        status_collector = StatusCollector(self.views, self.clock)
        self.library = exported_registry(
            [DataCollector(self.exports), status_collector, self.instruments, counted], self.exports.wanted
        )
        watch = Supervisor(self.clock.now, ListLog(), pause=self.clock.pause)
        about = AccountSamples(StatusSamples(self.clock), self.instruments)
        self.renderer = Renderer(
            self.exports, counted, lambda: math.inf, self.clock, watch, threading.Event(), about=about
        )
        for name in NAMES:
            self.instruments.account(name)

    def busy(self, name: str) -> AccountStatus:
        now = self.clock.now()
        calls = (now - 50, now - 10)
        interface = InterfaceStatus(Interface.GET_DEV_REAL_KPI, 10, 60.0, calls, now + 1, None, "")
        collector = CollectorStatus(CollectorName.DEVICE_REALTIME, True, True, 300.0, now, now, 1.5, 1)
        return dataclasses.replace(status(name), interfaces=(interface,), collectors=(collector,))

    def views(self) -> list[AccountView]:
        shown = snapshot(plant_values={"NE=1": {"day_power": 1.0}})
        return [AccountView(name, shown, found, ScaleOverrides()) for name, found in self.statuses.items()]

    def text(self, *, openmetrics: bool = True, accounts: Iterable[str] = (), names: Iterable[str] = ()) -> bytes:
        selected = frozenset(accounts) or None, frozenset(names) or None
        plain, packed = (
            self.renderer.exposition.body(
                NO_METRICS, openmetrics=openmetrics, gzipped=gzipped, accounts=selected[0], names=selected[1]
            )
            for gzipped in (False, True)
        )
        assert gzip.decompress(b"".join(packed.parts)) == b"".join(plain.parts)
        return b"".join(plain.parts)

    def check(self, accounts: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.renderer.refresh()
        selected = frozenset(accounts) or None, frozenset(names) or None
        for openmetrics in (False, True):
            expected = render(self.library, openmetrics=openmetrics, accounts=selected[0], names=selected[1])
            found = self.text(openmetrics=openmetrics, accounts=accounts, names=names)
            assert sorted(found.split(b"\n")) == sorted(expected.split(b"\n"))


def test_the_same_as_the_client_librarys_whatever_happens() -> None:
    site = Site()
    site.check()
    site.instruments.account("home").answered(Interface.LOGIN, 0.3)
    site.instruments.account("home").failed(Interface.LOGIN, Reason.REJECTED, 20001)
    site.check()
    site.clock.moment += 15  # a call ceases to count
    site.check()
    site.statuses["home"] = dataclasses.replace(site.statuses["home"], up=False, listed_plants=3)
    site.check()
    del site.statuses["home"]
    site.instruments.keep_only(site.statuses)
    site.check()
    site.statuses = {name: site.busy(name) for name in reversed(NAMES)}
    site.instruments.account("home").attempt(Interface.LOGIN)
    site.check()


def test_selected_by_account_and_by_sample_name() -> None:
    site = Site()
    site.instruments.account("home").answered(Interface.LOGIN, 0.3)
    for accounts in ((), ("home",), ("nobody",)):
        for names in ((), ("fusionsolar_up",), (f"{DURATION}_bucket",), (f"{DURATION}_sum", f"{DURATION}_count")):
            site.check(accounts, names)
    assert b"_bucket{" not in site.text(names=(f"{DURATION}_sum",))


def test_only_what_changed_is_rendered_again() -> None:
    site = Site()
    site.renderer.refresh()
    before = dict(site.renderer._own_pieces)
    pieces = {name: dict(before[name].by_metric) for name in NAMES}

    site.renderer.refresh()
    assert all(before[name].by_metric == pieces[name] for name in NAMES)

    site.instruments.account("home").attempt(Interface.LOGIN)
    site.renderer.refresh()
    now = site.renderer._own_pieces["home"].by_metric
    changed = {name for name, piece in now.items() if piece is not pieces["home"][name]}
    assert changed == {"fusionsolar_api_requests_total"}
    others = site.renderer._own_pieces[NAMES[1]].by_metric
    assert all(others[name] is piece for name, piece in pieces[NAMES[1]].items())


def test_what_is_not_exported_is_not_rendered() -> None:
    site = Site()
    pieces = OwnPieces()
    about = AccountSamples(StatusSamples(site.clock), site.instruments)
    view = site.views()[0]
    pieces.update(about.inputs(view), lambda: about.of(view), lambda name: name == "fusionsolar_up")
    assert list(pieces.by_metric) == ["fusionsolar_up"]
