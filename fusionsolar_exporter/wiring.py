"""From the configuration to what each part wants to know of it."""

from fusionsolar_exporter.config import AccountConfig, Config, CredentialsUnavailable
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL
from fusionsolar_exporter.northbound.transport import TransportSettings
from fusionsolar_exporter.pacing.holds import Backoff
from fusionsolar_exporter.pacing.limits import Limits, Override
from fusionsolar_exporter.refresh.settings import AccountSettings, CollectorSettings
from fusionsolar_exporter.status import CollectorName


def account_settings(account: AccountConfig, config: Config) -> AccountSettings:
    """The settings of one account's refresher."""
    rates = account.rate_limits
    return AccountSettings(
        name=account.name,
        host=account.host,
        transport=_transport_settings(account),
        credentials=account.credentials,
        limits=Limits(
            rates.margin,
            rates.min_gap,
            {name: Override(given.calls, given.window, given.spacing) for name, given in rates.interfaces.items()},
        ),
        session_lifetime=rates.session_lifetime,
        login_pause=rates.login_pause,
        backoff=Backoff(rates.backoff.initial, rates.backoff.maximum),
        plant_list=account.plant_list,
        selects=account.plants.selects,
        device_types=account.device_types,
        language=account.language,
        alarm_levels=tuple(sorted(config.collectors.alarms.levels)),
        alarm_lookback=config.collectors.alarms.lookback,
        scale_overrides=account.scale_overrides,
        collectors={
            name: CollectorSettings(given.enabled, given.interval, given.ttl)
            for name in CollectorName
            for given in (config.collectors.of(name),)
        },
    )


def export_settings(config: Config) -> ExportSettings:
    """What of all data is exported."""
    return ExportSettings(
        exports=config.metrics.exports,
        alarm_severities=tuple(SEVERITY_OF_LEVEL[level] for level in sorted(config.collectors.alarms.levels)),
        drop_unfitted_strings=config.metrics.drop_unfitted_strings,
        series_per_account=config.limits.series_per_account,
        unknown_keys=config.limits.unknown_keys,
    )


def account_identity(account: AccountConfig) -> tuple[str, str]:
    """What limits, session and state belong to; a username that cannot be read yet is known by its file."""
    try:
        return account.identity
    except CredentialsUnavailable:
        return account.host, str(account.username_file)


def account_secrets(account: AccountConfig) -> set[str]:
    """What no log may show of an account."""
    try:
        return {*account.secrets, account.credentials().password}
    except CredentialsUnavailable:
        return set(account.secrets)


def _transport_settings(account: AccountConfig) -> TransportSettings:
    tls = account.tls
    return TransportSettings(
        url=account.url,
        timeout=account.timeout,
        proxy_url=account.proxy_url.get_secret_value() if account.proxy_url else None,
        ca_file=str(tls.ca_file) if tls.ca_file else None,
        cert_file=str(tls.cert_file) if tls.cert_file else None,
        key_file=str(tls.key_file) if tls.key_file else None,
        verify=not tls.insecure_skip_verify,
    )
