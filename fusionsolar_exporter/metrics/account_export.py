"""What of one account is exported: its labels, its parts, and what has to be remembered between two scrapes."""

from collections.abc import Sequence

from fusionsolar_exporter.metrics.alarms import alarm_parts
from fusionsolar_exporter.metrics.devices import device_parts
from fusionsolar_exporter.metrics.fitted_strings import FittedStrings
from fusionsolar_exporter.metrics.labels import AccountLabels, account_labels
from fusionsolar_exporter.metrics.part import ExportContext, Part
from fusionsolar_exporter.metrics.plants import plant_parts
from fusionsolar_exporter.metrics.reports import report_parts
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.metrics.unknown_keys import KeyGate
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.view import AccountView


class AccountExport:
    """One account, as long as it is configured. Used by one thread at a time."""

    def __init__(self, clock: Clock, settings: ExportSettings) -> None:
        self._clock = clock
        self._settings = settings
        self._fitted = FittedStrings()
        self._gate = KeyGate(settings.unknown_keys)
        self._routes = AccountRoutes(ScaleOverrides())
        self._labels: AccountLabels | None = None
        self.parts: Sequence[Part] = ()
        """In the order in which they are exported; the same objects until the lists change."""
        self.generation: object = object()
        """Another object once settings were changed: whatever was rendered before is void."""

    def reconfigure(self, settings: ExportSettings) -> None:
        """Use other settings; fitted strings are remembered."""
        self._settings = settings
        self._gate = KeyGate(settings.unknown_keys)
        self.generation = object()

    def context(self, view: AccountView) -> ExportContext:
        """Take the account as it is now; the parts are then those of its present lists."""
        if self._labels is None or not self._labels.still_of(view.snapshot):
            self._labels = account_labels(view.name, view.snapshot, self._labels)
            self.parts = (
                *plant_parts(self._labels),
                *alarm_parts(self._labels),
                *device_parts(self._labels),
                *report_parts(self._labels),
            )
            self._fitted.keep(self._labels.devices.keys())
        if view.scale_overrides != self._routes.overrides:
            self._routes = AccountRoutes(view.scale_overrides)
            self.generation = object()
        return ExportContext(
            snapshot=view.snapshot,
            clock=self._clock,
            severities=self._settings.alarm_severities,
            routes=self._routes,
            gate=self._gate,
            fitted=self._fitted if self._settings.drop_unfitted_strings else None,
        )
