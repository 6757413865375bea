"""The rendered bytes are those that the client library makes of the collector, whatever changed and whatever stayed."""

import gzip
import math
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_support import FixedClock, export_settings, status
from prometheus_client import CollectorRegistry
from support.exposition import render
from support.world import ListLog

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading, Severity
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.rendering.own_metrics import OwnRenderer
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverride, ScaleOverrides
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView

NOTHING = OwnRenderer(CollectorRegistry()).render()


@dataclass
class Fleet:
    """Accounts that a test changes, the collector over them, and the renderer over that."""

    views: Sequence[AccountView] = ()
    errors: list[str] = field(default_factory=list)
    cuts: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = FixedClock()
        self.exports = AccountExports(
            lambda: self.views, export_settings(), self.clock, lambda *cut: self.cuts.append(cut)
        )
        self.collector = DataCollector(self.exports)
        self.supervisor = Supervisor(self.clock.now, ListLog(), pause=self.clock.pause)
        self.renderer = Renderer(
            self.exports, CollectorRegistry(), lambda: math.inf, self.clock, self.supervisor, threading.Event()
        )

    def error(self, event: str, /, **_: object) -> None:
        self.errors.append(event)

    def check(
        self, accounts: Iterable[frozenset[str] | None] = (None,), names: Iterable[frozenset[str] | None] = (None,)
    ) -> None:
        self.renderer.refresh()
        for openmetrics in (False, True):
            for selected in accounts:
                for wanted in names:
                    expected = render(self.collector, openmetrics=openmetrics, accounts=selected, names=wanted)
                    plain, packed = (
                        self.renderer.exposition.body(
                            NOTHING, openmetrics=openmetrics, gzipped=gzipped, accounts=selected, names=wanted
                        )
                        for gzipped in (False, True)
                    )
                    assert b"".join(plain.parts) == expected
                    assert gzip.decompress(b"".join(packed.parts)) == expected
                    assert plain.size == len(expected)
                    assert packed.size == len(b"".join(packed.parts))


texts = st.text(max_size=6) | st.text(st.sampled_from('\\"\n\r{}=,# \t\x00\x85\u2028n\ud800é'), max_size=6)
ids = st.sampled_from(["1", "2", "3", "x\ud800", "x\udfff", "\n"])
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 999999.9, 1e6, 1234567.0, 123456789.125, 1e15, 1e16, 1.5e16, -1e7, 5e-324]),
    st.integers(-5, 100_000_000).map(float),
)
KEYS = ["active_power", "run_state", "inverter_state", "temperature", "pv1_u", "pv1_i", "pv24_u", "mppt_2_cap", "ab_u"]
KEYS += [
    "battery_status",
    "ch_discharge_model",
    "battery_soc",
    "odd",
    'k"\\\n',
    "x\ud800",
    "x\ud801",
    "positive_active_power_1",
]
readings = st.dictionaries(st.sampled_from(KEYS), numbers)
plant_keys = ["day_power", "total_income", "real_health_state", "odd", "other"]
moments = st.floats(0, 2e9)
patterns = st.sampled_from([(), (re.compile("[12]"),)])
overrides = st.lists(
    st.builds(
        ScaleOverride,
        st.sampled_from([1, 17]),
        st.sampled_from(KEYS),
        st.sampled_from([1, 0.01, 3]),
        patterns,
        patterns,
    ),
    max_size=4,
)


@st.composite
def views(draw: st.DrawFn, name: str) -> AccountView:
    plants = {code: Plant(code, draw(texts), *_optional(draw)) for code in draw(st.lists(ids, unique=True))}
    devices = {
        key: Device(key, draw(texts), draw(ids), draw(st.sampled_from([1, 38, 39, 17, 47, 10, 60001])), draw(texts))
        for key in draw(st.lists(ids, unique=True))
    }

    def some(of: Iterable[str]) -> list[str]:
        return [key for key in of if draw(st.booleans())]

    def alarm(code: str) -> Alarm:
        serial = draw(st.sampled_from(["", *(device.serial_number for device in devices.values())]))
        severity, raised = draw(st.sampled_from(Severity)), draw(st.none() | moments)
        return Alarm(code, serial, draw(texts), draw(st.none() | st.just(1)), "7", "n", "c", severity, "1", raised)

    return AccountView(
        name,
        Snapshot(
            plants=plants,
            devices=devices,
            listed_plants=frozenset(some(plants)),
            listed_devices=frozenset(some(devices)),
            plant_readings={
                code: Reading(code, draw(st.dictionaries(st.sampled_from(plant_keys), numbers)))
                for code in some(plants)
            },
            device_readings={key: Reading(key, Values(draw(readings).items())) for key in some(devices)},
            alarms={
                code: PlantAlarms(tuple(alarm(code) for _ in range(draw(st.integers(0, 3)))), draw(st.booleans()))
                for code in some(plants)
            },
            plant_fetched_at={name: {code: draw(moments) for code in some(plants)} for name in CollectorName},
            device_fetched_at={key: draw(moments) for key in some(devices)},
        ),
        status(name),
        ScaleOverrides(draw(overrides)),
    )


def _optional(draw: st.DrawFn) -> tuple[float | None, float | None, float | None, str, float | None]:
    some = st.none() | numbers
    return draw(some), draw(some), draw(some), draw(texts), draw(some)


@st.composite
def changed(draw: st.DrawFn, view: AccountView) -> AccountView:
    """The same lists, some other content."""
    content = view.snapshot
    what = draw(st.sampled_from(["readings", "times", "alarms", "listed", "nothing"]))
    if what == "readings":
        update = {key: Reading(key, Values(draw(readings).items())) for key in content.devices if draw(st.booleans())}
        content = replace(content, device_readings={**content.device_readings, **update})
    elif what == "times":
        content = replace(content, device_fetched_at={key: draw(moments) for key in content.devices})
    elif what == "alarms":
        content = replace(content, alarms={})
    elif what == "listed":
        content = replace(content, listed_devices=frozenset(content.devices))
    return replace(view, snapshot=content)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(st.data())
def test_any_fleet_in_any_change(data: st.DataObject) -> None:
    fleet = Fleet()
    names = data.draw(st.sampled_from([["home"], ["home", "work"], ['q"\\\n', "é"]]))
    fleet.views = [data.draw(views(name)) for name in names]
    fleet.exports.reconfigure(
        export_settings(
            drop_unfitted_strings=data.draw(st.booleans()),
            series_per_account=data.draw(st.sampled_from([1_000_000, 12, 3, 0])),
            unknown_keys=data.draw(st.sampled_from([500, 2, 0])),
        )
    )
    samples = frozenset({"fusionsolar_device_internal_temperature_celsius", "fusionsolar_plant_info", "nothing"})
    fleet.check([None, frozenset({names[0]}), frozenset()], [None, samples])
    for _ in range(data.draw(st.integers(0, 3))):
        fleet.views = [data.draw(changed(view)) for view in fleet.views]
        fleet.check()
    fleet.views = [data.draw(views(name)) for name in names[1:]]
    fleet.check()


@given(st.lists(numbers, min_size=1, max_size=20))
@settings(deadline=None)  # the machine may be busy
@pytest.mark.no_cover
def test_every_value(values: list[float]) -> None:
    devices = {str(n): Device(str(n), "", "p", 1) for n in range(len(values))}
    fleet = Fleet()
    for key in ("temperature", "active_power", "odd"):
        found = {str(n): Reading(str(n), {key: value}) for n, value in enumerate(values)}
        content = Snapshot(plants={"p": Plant("p", "P")}, devices=devices, device_readings=found)
        fleet.views = [AccountView("home", content, status(), ScaleOverrides())]
        fleet.check()
