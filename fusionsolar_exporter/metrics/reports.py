"""The metrics of hourly to yearly data (reference 9.1.4.2 to 9.1.4.5, 9.1.6.3 to 9.1.6.5)."""

from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override

from fusionsolar_exporter.cache import ReportPeriod
from fusionsolar_exporter.metrics.labels import AccountLabels, Labels, chunks
from fusionsolar_exporter.metrics.part import CHUNK, ExportContext, Part, report_of
from fusionsolar_exporter.metrics.report_kpis import (
    KEY_LABEL,
    PERIOD_LABEL,
    period_metric,
    report_kpi,
    unknown_metric,
)
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.status import DEVICE_REPORTS, PLANT_REPORTS, CollectorName


def report_parts(labels: AccountLabels) -> Iterator[Part]:
    """The parts of an account's reports."""
    for report in PLANT_REPORTS:
        for chunk in chunks(tuple(labels.plants), CHUNK):
            yield ReportReadings(report, chunk, tuple(labels.plants[code] for code in chunk), (0,) * len(chunk))
    for report in DEVICE_REPORTS:
        for chunk in chunks(tuple(labels.devices), CHUNK):
            types = tuple(labels.known_devices[device_id].type_id for device_id in chunk)
            yield ReportReadings(report, chunk, tuple(labels.devices[device_id] for device_id in chunk), types)


@dataclass(frozen=True, slots=True)
class ReportReadings(Part):
    """One report of some plants or devices."""

    report: CollectorName
    ids: tuple[str, ...]
    labels: tuple[Labels, ...]
    device_types: tuple[int, ...]
    """0 for plants."""

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return tuple(report_of(self.report, period) for period in ReportPeriod)

    @override
    def inputs(self, context: ExportContext) -> tuple[object, ...]:
        periods = context.snapshot.reports.get(self.report, {})
        return tuple(tuple(map(rows.get, self.ids)) for rows in periods.values() if rows)

    @override
    def export(self, context: ExportContext, writer: SampleWriter) -> None:
        for period, rows in context.snapshot.reports.get(self.report, {}).items():
            for key, labels, type_id in zip(self.ids, self.labels, self.device_types, strict=True):
                row = rows.get(key)
                if row is not None:
                    extra = {PERIOD_LABEL: period.value}
                    writer.add(period_metric(self.report), labels, row.begin, extra)
                    self._export(row, type_id, labels, extra, context, writer)

    def _export(
        self,
        row: DatedReading,
        type_id: int,
        labels: Labels,
        extra: dict[str, str],
        context: ExportContext,
        writer: SampleWriter,
    ) -> None:
        unknown = unknown_metric(self.report)
        for key, value in row.values.items():
            kpi = report_kpi(self.report, type_id, key)
            if kpi is not None:
                writer.add(kpi.metric, labels, value * kpi.multiplier / kpi.divisor, extra)
            elif writer.exports(unknown) and (label := context.gate.label(key)) is not None:
                writer.add(unknown, labels, value, {**extra, KEY_LABEL: label})
