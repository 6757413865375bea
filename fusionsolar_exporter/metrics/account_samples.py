"""What is exported about an account itself, beside its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.status_collector import StatusSamples
from fusionsolar_exporter.view import AccountView


@dataclass(frozen=True, slots=True)
class AccountSamples:
    """Its status, and what was counted of its requests."""

    status: StatusSamples
    instruments: OwnInstruments

    def inputs(self, view: AccountView) -> tuple[object, ...]:
        """Everything that the samples depend on: equal inputs give the same."""
        return *self.status.inputs(view), self.instruments.account(view.name).revision

    def of(self, view: AccountView) -> Mapping[str, Sequence[Sample]]:
        """The samples by metric."""
        return {**self.status.of(view), **self.instruments.account(view.name).samples()}
