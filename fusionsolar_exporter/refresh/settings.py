"""The part of the configuration that concerns one account."""

from dataclasses import dataclass, field

from fusionsolar_exporter.config import AccountConfig, CollectorsConfig, RateLimits


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One account, and the collectors, which are the same for all accounts."""

    account: AccountConfig
    collectors: CollectorsConfig = field(default_factory=CollectorsConfig)

    @property
    def name(self) -> str:
        """Label ``account``."""
        return self.account.name

    @property
    def rates(self) -> RateLimits:
        """How often the far side may be asked."""
        return self.account.rate_limits
