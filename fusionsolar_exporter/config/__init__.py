"""The configuration: read once at start and at each reload, then immutable. Its grammar: ``docs/configuration.md``."""

from fusionsolar_exporter.config.accounts import AccountConfig, KpiOverride, Language, PlantListChoice
from fusionsolar_exporter.config.collectors import AlarmsConfig, CollectorConfig, CollectorsConfig, ConvergenceConfig
from fusionsolar_exporter.config.connection import TlsConfig
from fusionsolar_exporter.config.credentials import Credentials
from fusionsolar_exporter.config.durations import format_duration, parse_duration
from fusionsolar_exporter.config.errors import ConfigError, CredentialsUnavailable
from fusionsolar_exporter.config.filters import MetricsConfig, PlantFilter
from fusionsolar_exporter.config.load import config_from_environment, load_config
from fusionsolar_exporter.config.models import Config, LimitsConfig
from fusionsolar_exporter.config.oauth import OAuthConfig
from fusionsolar_exporter.config.rates import Backoff, InterfaceLimits, RateLimits
from fusionsolar_exporter.config.state import StateConfig, StateKind, StateUrl

__all__ = [
    "AccountConfig",
    "AlarmsConfig",
    "Backoff",
    "CollectorConfig",
    "CollectorsConfig",
    "Config",
    "ConfigError",
    "ConvergenceConfig",
    "Credentials",
    "CredentialsUnavailable",
    "InterfaceLimits",
    "KpiOverride",
    "Language",
    "LimitsConfig",
    "MetricsConfig",
    "OAuthConfig",
    "PlantFilter",
    "PlantListChoice",
    "RateLimits",
    "StateConfig",
    "StateKind",
    "StateUrl",
    "TlsConfig",
    "config_from_environment",
    "format_duration",
    "load_config",
    "parse_duration",
]
