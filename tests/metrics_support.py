"""What the tests of the metrics share: a fixed clock, an account's picture, and a scrape read by a parser."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.registry import Collector
from support.exposition import render

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.cut_series import SeriesLimit
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL, Alarm, Device, Plant, Reading, Severity
from fusionsolar_exporter.scales import ScaleOverride, ScaleOverrides
from fusionsolar_exporter.status import AccountState, AccountStatus
from fusionsolar_exporter.view import AccountView

Labels = Mapping[str, str]
Series = tuple[str, frozenset[tuple[str, str]]]
NOW = 1_700_000_000.0
CORRECTION = 7.0
ALL_SEVERITIES = tuple(SEVERITY_OF_LEVEL.values())

PLANT = Plant("NE=1", "Roof")
PLANT_LABELS = {"account": "home", "plant_code": "NE=1", "plant": "Roof"}


@dataclass
class FixedClock:
    """Stands still; the wall clock has been corrected by some seconds."""

    moment: float = NOW

    def now(self) -> float:
        return self.moment

    def wall(self, moment: float) -> float:
        return moment + CORRECTION

    def boot(self, moment: float) -> tuple[str, float]:
        return "boot", moment

    def wait(self, event: threading.Event, seconds: float) -> None:
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        raise NotImplementedError


def status(account: str = "home") -> AccountStatus:
    return AccountStatus(account, "far.example", AccountState.OK, True, True, True, None, 1, (), (), ())


def view(
    snapshot: Snapshot,
    *,
    name: str = "home",
    scale_overrides: Mapping[tuple[int, str], float] | None = None,
    specific_overrides: Sequence[ScaleOverride] = (),
) -> AccountView:
    overrides = [ScaleOverride(type_id, key, scale) for (type_id, key), scale in (scale_overrides or {}).items()]
    return AccountView(name, snapshot, status(name), ScaleOverrides([*specific_overrides, *overrides]))


def device_labels(device: Device, device_type: str, plant: Labels = PLANT_LABELS) -> dict[str, str]:
    return {**plant, "device_id": device.id, "device": device.name, "device_type": device_type}


def snapshot(
    *,
    plants: Iterable[Plant] = (PLANT,),
    devices: Iterable[Device] = (),
    plant_values: Mapping[str, Mapping[str, float]] | None = None,
    device_values: Mapping[str, Mapping[str, float]] | None = None,
    alarms: Mapping[str, Iterable[Alarm]] | None = None,
    complete: bool = True,
    listed: bool = True,
    totals: Mapping[str, Mapping[str, float]] | None = None,
) -> Snapshot:
    plant_of = {plant.code: plant for plant in plants}
    device_of = {device.id: device for device in devices}
    counted = totals or {}
    return Snapshot(
        plants=plant_of,
        devices=device_of,
        listed_plants=frozenset(plant_of) if listed else frozenset(),
        listed_devices=frozenset(device_of) if listed else frozenset(),
        plant_readings={
            code: Reading(code, values, counted.get(code, {})) for code, values in (plant_values or {}).items()
        },
        device_readings={
            key: Reading(key, values, counted.get(key, {})) for key, values in (device_values or {}).items()
        },
        alarms={code: PlantAlarms(tuple(some), complete) for code, some in (alarms or {}).items()},
    )


def export_settings(
    *,
    exports: Callable[[str], bool] = lambda _: True,
    severities: tuple[Severity, ...] = ALL_SEVERITIES,
    drop_unfitted_strings: bool = False,
    series_per_account: int = 1_000_000,
    unknown_keys: int = 500,
) -> ExportSettings:
    return ExportSettings(exports, severities, drop_unfitted_strings, series_per_account, unknown_keys)


@dataclass
class Exporter:
    """A collector whose accounts a test may exchange between scrapes."""

    views: Sequence[AccountView]
    settings: ExportSettings = field(default_factory=export_settings)
    cuts: list[tuple[str, SeriesLimit, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exports = AccountExports(
            lambda: self.views, self.settings, FixedClock(), lambda *cut: self.cuts.append(cut)
        )
        self.collector = DataCollector(self.exports)

    def scrape(self) -> dict[Series, float]:
        return scrape(self.collector)


def rendered(
    collector: Collector,
    *,
    openmetrics: bool,
    accounts: frozenset[str] | None = None,
    names: frozenset[str] | None = None,
) -> str:
    return render(collector, openmetrics=openmetrics, accounts=accounts, names=names).decode()


def families(collector: Collector, *, openmetrics: bool = False) -> list[Metric]:
    parse = parse_openmetrics if openmetrics else parse_text
    return list(parse(rendered(collector, openmetrics=openmetrics)))


def samples(metrics: Iterable[Metric]) -> dict[Series, float]:
    """Samples by name and labels; one series twice fails."""
    found: dict[Series, float] = {}
    for metric in metrics:
        for sample in metric.samples:
            key = series(sample.name, sample.labels)
            assert key not in found, f"{key} twice"
            assert sample.timestamp is None
            found[key] = sample.value
    return found


def scrape(collector: Collector) -> dict[Series, float]:
    """What both formats say, which must be the same."""
    text = samples(families(collector))
    assert samples(families(collector, openmetrics=True)) == text
    return text


def series(name: str, labels: Labels, **more: str) -> Series:
    return name, frozenset({**labels, **more}.items())


def named(found: Mapping[Series, float], name: str) -> dict[frozenset[tuple[str, str]], float]:
    return {labels: value for (sample_name, labels), value in found.items() if sample_name == name}
