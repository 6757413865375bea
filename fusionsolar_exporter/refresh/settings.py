"""What a refresher has to know of the configuration, in this package's own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.config import Credentials, PlantListChoice
from fusionsolar_exporter.northbound.transport import TransportSettings
from fusionsolar_exporter.pacing.holds import Backoff
from fusionsolar_exporter.pacing.limits import Limits
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """None means auto: derived from the limits."""

    enabled: bool = True
    interval: float | None = None
    """Seconds."""
    ttl: float | None = None
    """Seconds."""


def _any_plant(_code: str, _name: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One account."""

    name: str
    host: str
    transport: TransportSettings
    credentials: Callable[[], Credentials]
    """Reads files anew at each call; CredentialsUnavailable where it cannot."""
    limits: Limits = field(default_factory=Limits)
    session_lifetime: float = 1800.0
    login_pause: float = 1800.0
    backoff: Backoff = field(default_factory=Backoff)
    plant_list: PlantListChoice = PlantListChoice.AUTO
    selects: Callable[[str, str], bool] = _any_plant
    """Whether a plant, by code and name, is asked for and served."""
    device_types: frozenset[int] | None = None
    """Types asked for; None takes every type that has real-time data."""
    language: str = "en_US"
    alarm_levels: tuple[int, ...] = (1, 2, 3, 4)
    alarm_lookback: float | None = None
    """Seconds; None goes back to the beginning of time."""
    scale_overrides: ScaleOverrides = field(default_factory=ScaleOverrides)
    collectors: Mapping[CollectorName, CollectorSettings] = field(default_factory=dict)

    def collector(self, name: CollectorName) -> CollectorSettings:
        """Settings of one collector."""
        return self.collectors.get(name, CollectorSettings())

    @property
    def enabled(self) -> frozenset[CollectorName]:
        """The collectors that run."""
        return frozenset(name for name in CollectorName if self.collector(name).enabled)
