"""Every account with what has to be remembered about its export, and the limits that cut its series."""

from collections.abc import Callable, Mapping, Sequence

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.cut_series import Cuts, CutWarnings, SeriesLimit
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView


class AccountExports:
    """Used by one thread at a time.

    ``on_cut(account, limit, series)`` is called when a limit begins to cut series of an account, and not again while
    it goes on.
    """

    def __init__(
        self,
        views: Callable[[], Sequence[AccountView]],
        settings: ExportSettings,
        clock: Clock,
        on_cut: Callable[[str, SeriesLimit, int], None],
    ) -> None:
        self._views = views
        self._clock = clock
        self._warnings = CutWarnings(on_cut)
        self._exports: dict[str, AccountExport] = {}
        self.settings = settings
        """The settings in force."""

    def wanted(self, name: str) -> bool:
        """Whether a metric is exported under the settings in force, by its name."""
        return self.settings.exports(name)

    def reconfigure(self, settings: ExportSettings) -> None:
        """Use other settings from now on; fitted strings are remembered."""
        self.settings = settings
        for export in self._exports.values():
            export.reconfigure(settings)

    def accounts(self) -> Mapping[str, tuple[AccountView, AccountExport]]:
        """Every account by name as it is now; what was remembered of others is forgotten."""
        views = self._views()
        self._exports = {
            view.name: self._exports.get(view.name) or AccountExport(self._clock, self.settings) for view in views
        }
        return {view.name: (view, self._exports[view.name]) for view in views}

    def tell(self, cuts: Cuts) -> None:
        """Take note of what the limits cut."""
        self._warnings.tell(cuts)
