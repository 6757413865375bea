"""Prometheus's own linter has nothing to say about any metric."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest
from metrics_support import PLANT, Exporter, FixedClock, named, rendered, samples, snapshot, view
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families as parse_text
from support.world import ListLog

from fusionsolar_exporter.cache import ReportPeriod, Snapshot
from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.metrics.families import FAMILIES, MetricType
from fusionsolar_exporter.metrics.kpis import COUNTERS, KPIS
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry, process_registry
from fusionsolar_exporter.metrics.report_kpis import REPORT_KPIS
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.metrics.supervision_collector import SupervisionCollector
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading, Severity
from fusionsolar_exporter.status import (
    DEVICE_REPORTS,
    PLANT_REPORTS,
    BudgetStatus,
    CollectorName,
    CollectorStatus,
    InterfaceStatus,
)
from fusionsolar_exporter.supervision import Supervisor, ThreadKind
from fusionsolar_exporter.view import AccountView

REPORTED = dict.fromkeys([*(kpi.key for kpi in REPORT_KPIS), "odd"], 1.0)
NAME = 'Roof "A"\\\n{x}'


def everything() -> CollectorRegistry:
    """A registry in which every family has a sample."""
    types = sorted({type_id for kpi in KPIS for type_id in kpi.device_types})
    devices = [
        Device(str(type_id), NAME, PLANT.code, type_id, f"SN{type_id}", latitude=1.0, longitude=2.0)
        for type_id in types
    ]
    keys = [kpi.key.replace("{n}", "1") for kpi in KPIS] + ["odd"]
    values = dict.fromkeys(keys, 1.0)
    content = snapshot(
        plants=[Plant(PLANT.code, NAME, 1.0, 2.0, 3.0, "2020-02-06T00:00:00+08:00", 4.0, "2", "3", "1")],
        devices=devices,
        plant_values={PLANT.code: values},
        device_values={device.id: values for device in devices},
        totals={
            str(type_id or PLANT.code): {key: 1.0 for some, key in COUNTERS if some == type_id}
            for type_id in (None, *types)
        },
        alarms={PLANT.code: [Alarm(PLANT.code, "SN1", NAME, 1, "1", NAME, "2", Severity.MAJOR, "0", 5.0)]},
    )
    content = replace(
        content,
        plant_fetched_at={CollectorName.ALARMS: {PLANT.code: 1.0}},
        device_fetched_at={device.id: 1.0 for device in devices},
        convergence_readings={"1": Reading("1", {"eMonth": 1.0, "alarm_active": 0.0})},
        reports={
            report: {period: {key: DatedReading(key, 1.0, REPORTED) for key in ids} for period in ReportPeriod}
            for report, ids in (
                *((report, [PLANT.code]) for report in PLANT_REPORTS),
                *((report, [device.id for device in devices]) for report in DEVICE_REPORTS),
            )
        },
    )
    own = CollectorRegistry()
    instruments = OwnInstruments(own)
    instruments.account("home").failed(Interface.LOGIN, Reason.CREDENTIALS, 20400)
    views = [with_status(content)]
    supervisor = Supervisor(lambda: 1.0, ListLog(), pause=lambda _: None)
    supervisor.begin(ThreadKind.RENDER)
    collectors = [
        Exporter(views).collector,
        StatusCollector(lambda: views, FixedClock()),
        SupervisionCollector(supervisor, lambda moment: moment),
        instruments,
        own,
        ConnectionCounts(),
        process_registry(),
    ]
    return exported_registry(collectors, lambda _: True)


def with_status(content: Snapshot) -> AccountView:
    plain = view(content)
    status = replace(
        plain.status,
        clock_offset_seconds=1.0,
        listed_plants=2,
        selected_plants=1,
        budget=BudgetStatus(900, 1000, 86403.0, (1.0,)),
        interfaces=(InterfaceStatus("login", 5, 603.0, (), 1.0, None, ""),),
        collectors=(CollectorStatus(CollectorName.ALARMS, True, True, 1.0, 1.0, 1.0, 1.0, 1),),
    )
    return replace(plain, status=status)


def test_every_family_can_be_seen() -> None:
    found = samples(parse_text(rendered(everything(), openmetrics=False)))

    for name, family in FAMILIES.items():
        sample_name = f"{name}_count" if family.type is MetricType.HISTOGRAM else name
        label_sets = named(found, sample_name)
        assert label_sets, name
        for labels in label_sets:
            assert set(dict(labels)) == set(family.all_labels), name


def test_promtool_is_silent() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is not installed")
        pytest.skip("promtool is not installed")
    text = rendered(everything(), openmetrics=False)

    result = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, timeout=30, check=False
    )

    assert (result.returncode, result.stdout.decode(), result.stderr.decode()) == (0, "", "")
