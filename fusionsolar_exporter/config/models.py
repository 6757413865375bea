"""The whole configuration: frozen, complete, with every default filled in."""

from typing import Annotated, Any

from pydantic import BeforeValidator, field_validator
from typing_extensions import override

from fusionsolar_exporter.config.accounts import AccountConfig
from fusionsolar_exporter.config.collectors import CollectorsConfig
from fusionsolar_exporter.config.errors import CredentialsUnavailable, problem
from fusionsolar_exporter.config.fields import Count, PositiveCount, Section, sequence_of
from fusionsolar_exporter.config.filters import MetricsConfig
from fusionsolar_exporter.config.state import StateConfig
from fusionsolar_exporter.status import CollectorName

_NEEDED = {
    CollectorName.PLANT_LIST: "nothing else can be asked for either",
    CollectorName.DEVICE_LIST: "no device is known: no device has data, and alarms name none",
}


def _some(value: Any) -> Any:
    if not value:
        raise problem("no account; expected at least one")
    return value


class LimitsConfig(Section):
    """``limits``: bounds on what one account may export."""

    series_per_account: PositiveCount = 2_000_000
    unknown_keys: Count = 500
    """Keys that no table knows, per account."""


class Config(Section):
    """What a configuration file says."""

    accounts: Annotated[tuple[AccountConfig, ...], BeforeValidator(_some), sequence_of("accounts")]
    collectors: CollectorsConfig = CollectorsConfig()
    metrics: MetricsConfig = MetricsConfig()
    state: StateConfig = StateConfig()
    limits: LimitsConfig = LimitsConfig()
    _doubts: tuple[str, ...] = ()
    """What the text of the file lets one suspect."""

    @override
    def model_post_init(self, context: Any) -> None:
        self._doubts = (context or {}).get("doubts", ())

    @field_validator("accounts")
    @classmethod
    def _distinct(cls, accounts: tuple[AccountConfig, ...]) -> tuple[AccountConfig, ...]:
        names: dict[str, int] = {}
        identities: dict[object, int] = {}
        for index, account in enumerate(accounts):
            same = names.setdefault(account.name, index)
            if same != index:
                raise problem(f"the same as accounts[{same}].name; expected a name of its own", index, "name")
            try:
                identity: object = account.identity
            except CredentialsUnavailable:
                identity = account.host, account.username_file  # the same file is the same user, whoever that is
            same = identities.setdefault(identity, index)
            if same != index:
                raise problem(
                    f"the same host and username as accounts[{same}]; expected one account for the two, "
                    "since limits and session belong to host and username",
                    index,
                )
        return accounts

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet doubtful, one line each."""
        lines = list(self._doubts)
        lines += [f"accounts[{index}].{line}" for index, given in enumerate(self.accounts) for line in given.warnings]
        for name, without in _NEEDED.items():
            if not self.collectors.of(name).enabled:
                lines.append(f"collectors.{name}: disabled, so that {without}")
        for name in CollectorName:
            collector = self.collectors.of(name)
            if collector.ttl is not None and collector.interval is not None and collector.ttl < collector.interval:
                lines.append(f"collectors.{name}.ttl: shorter than interval, so that values vanish between refreshes")
        return tuple(lines)
