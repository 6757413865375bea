"""From the configuration to what each part wants to know of it."""

import os
from collections.abc import Sequence

from fusionsolar_exporter import logs
from fusionsolar_exporter.config import AccountConfig, Config, CredentialsUnavailable
from fusionsolar_exporter.config.connection import authorities_of
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL
from fusionsolar_exporter.northbound.transport import TransportSettings


def export_settings(config: Config) -> ExportSettings:
    """What of all data is exported."""
    return ExportSettings(
        exports=config.metrics.exports,
        alarm_severities=tuple(SEVERITY_OF_LEVEL[level] for level in sorted(config.collectors.alarms.levels)),
        drop_unfitted_strings=config.metrics.drop_unfitted_strings,
        series_per_account=config.limits.series_per_account,
        unknown_keys=config.limits.unknown_keys,
    )


def chosen_accounts(config: Config, names: Sequence[str] | None) -> Sequence[AccountConfig]:
    """The accounts of these names; LookupError where one is unknown."""
    if names is None:
        return config.accounts
    known = {account.name: account for account in config.accounts}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LookupError(f"no account is named {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


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


def redact_secrets(*configs: Config) -> None:
    """Keep the secrets of these configurations out of the log, and those of no other."""
    found: dict[str, set[str]] = {"state": set()}
    for config in configs:
        found["state"] |= set(config.state.url.secrets)
        for account in config.accounts:
            found.setdefault(f"account {account.name}", set()).update(account_secrets(account))
    for owner, secrets in found.items():
        logs.redact(owner, secrets)


def transport_settings(account: AccountConfig) -> TransportSettings:
    """How an account's management system is reached."""
    tls = account.tls
    return TransportSettings(
        url=account.url,
        timeout=account.timeout,
        proxy_url=account.proxy_url.get_secret_value() if account.proxy_url else None,
        ca_file=str(tls.ca_file) if tls.ca_file else authorities_of(os.environ),
        cert_file=str(tls.cert_file) if tls.cert_file else None,
        key_file=str(tls.key_file) if tls.key_file else None,
        verify=not tls.insecure_skip_verify,
    )
