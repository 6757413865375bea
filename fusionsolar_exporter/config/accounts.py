"""``accounts[]``: a user of a management system, what to read there and how fast."""

import re
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from fusionsolar_exporter.config.connection import ProxyUrl, TlsConfig, Url, host_of, is_loopback, is_portal
from fusionsolar_exporter.config.credentials import Credentials, read_secret_file
from fusionsolar_exporter.config.errors import CredentialsUnavailable, problem
from fusionsolar_exporter.config.fields import (
    BareText,
    Count,
    Factor,
    FilePath,
    Patterns,
    PositiveDuration,
    SecretText,
    Section,
    Text,
    one_of,
    sequence_of,
)
from fusionsolar_exporter.config.filters import PlantFilter
from fusionsolar_exporter.config.oauth import OAuthConfig
from fusionsolar_exporter.config.rates import RateLimits
from fusionsolar_exporter.scales import ScaleOverride, ScaleOverrides

_READABLE_BY_OTHERS = 0o004
_IN_QUOTES = re.compile(r"""[\u2018-\u201f\u00ab\u2039].*|.*[\u2018-\u201f\u00bb\u203a]|(["'`]).*\1""", re.DOTALL)
_FILE, _RELOAD = "within a minute after the file with the {} changes", "after a reload with another {}"


class PlantListChoice(StrEnum):
    """Which interface lists the plants; newer servers have the one, older the other."""

    AUTO = "auto"
    STATIONS = "stations"
    GET_STATION_LIST = "getStationList"


class Language(StrEnum):
    """Languages of alarm texts (reference 9.1.7)."""

    CHINESE = "zh_CN"
    ENGLISH = "en_US"
    JAPANESE = "ja_JP"
    ITALIAN = "it_IT"
    DUTCH = "nl_NL"
    PORTUGUESE = "pt_BR"
    GERMAN = "de_DE"
    FRENCH = "fr_FR"
    SPANISH = "es_ES"
    POLISH = "pl_PL"


class KpiOverride(Section):
    """A factor for a key of the interface that this installation reports in another unit."""

    device_type_id: Count
    key: Text
    scale: Factor
    plants: Patterns = ()
    """Matched against code and name; empty for every plant."""
    devices: Patterns = ()
    """Matched against id, name and serial number; empty for every device."""

    @property
    def override(self) -> ScaleOverride:
        """The same as the parts that apply it know it."""
        return ScaleOverride(self.device_type_id, self.key, self.scale, self.plants, self.devices)


def _device_types(value: Any) -> Any:
    if value == "auto":
        return None
    if not isinstance(value, list | tuple) or not value:
        raise problem("not device types; expected auto, or a list of at least one id")
    return value


class AccountConfig(Section):
    """One account; durations are in seconds."""

    name: Text
    """Label ``account``."""
    url: Url
    """Scheme, host and port only."""
    username: BareText | None = None
    username_file: FilePath | None = None
    password: SecretText | None = None
    password_file: FilePath | None = None
    oauth: OAuthConfig | None = None
    """In the place of username and password."""
    timeout: PositiveDuration = 30.0
    """For a whole request."""
    proxy_url: ProxyUrl | None = None
    """None follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY."""
    tls: TlsConfig = TlsConfig()
    plant_list: Annotated[PlantListChoice, one_of(PlantListChoice)] = PlantListChoice.AUTO
    plants: PlantFilter = PlantFilter()
    device_types: Annotated[frozenset[Count] | None, BeforeValidator(_device_types)] = None
    """Ids of the types that are asked for; None is every type."""
    language: Annotated[Language, one_of(Language)] = Language.ENGLISH
    kpi_overrides: Annotated[tuple[KpiOverride, ...], sequence_of("overrides")] = ()
    rate_limits: RateLimits = Field(default_factory=RateLimits)

    @field_validator("kpi_overrides")
    @classmethod
    def _one_override_each(cls, overrides: tuple[KpiOverride, ...]) -> tuple[KpiOverride, ...]:
        first: dict[tuple[int, str], int] = {}
        for index, given in enumerate(overrides):
            pair = given.device_type_id, given.key
            if pair in first:
                raise problem(
                    f"never counts, since [{first[pair]}] is for the same device_type_id and key, "
                    "and for every device; expected one such override, behind those with plants or devices",
                    index,
                )
            if given.override.for_all:
                first[pair] = index
        return overrides

    @model_validator(mode="after")
    def _one_way_in(self) -> "AccountConfig":
        if self.oauth is not None:
            for name in ("username", "username_file", "password", "password_file"):
                if getattr(self, name) is not None:
                    raise problem("given beside oauth; expected either oauth, or a username and a password", name)
            return self
        for key, file in (("username", "username_file"), ("password", "password_file")):
            given = [name for name in (key, file) if getattr(self, name) is not None]
            if not given:
                raise problem(f"missing; expected {key} or {file}, or oauth", key)
            if len(given) > 1:
                raise problem(f"given beside {key}; expected only one of the two", file)
        return self

    @property
    def host(self) -> str:
        """Host in small letters, with its port where that is not the scheme's own."""
        return host_of(self.url)

    @property
    def identity(self) -> tuple[str, str]:
        """Host and username: what limits, session and state belong to; with OAuth host, client and the account's name.

        Raises :class:`CredentialsUnavailable` where the username is in a file that cannot be read.
        """
        if self.oauth is not None:
            return self.host, f"{self.oauth.client_id}\n{self.name}"  # no username has a line break
        return self.host, self._username()

    @property
    def connection(self) -> tuple[object, ...]:
        """What a connection is made of: where it changes, another one has to be made."""
        return self.url, self.timeout, self.proxy_url, self.tls

    @property
    def scale_overrides(self) -> ScaleOverrides:
        """The configured factors."""
        return ScaleOverrides([given.override for given in self.kpi_overrides])

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets that stand in the configuration itself: what no log may show. Files are not read."""
        proxy = urlsplit(self.proxy_url.get_secret_value() if self.proxy_url else "").password or ""
        given = (self.password, self.oauth.client_secret if self.oauth else None)
        own = {secret.get_secret_value() for secret in given if secret is not None}
        return frozenset({*own, proxy, unquote(proxy)} - {""})

    def credentials(self) -> Credentials:
        """Give username and password, or the client's id and secret, reading their files anew.

        Raises :class:`CredentialsUnavailable`, naming the file.
        """
        if self.oauth is not None:
            return Credentials(self.oauth.client_id, self.oauth.secret())
        if self.password_file is not None:
            password = read_secret_file("password_file", self.password_file)
        else:
            password = self.password.get_secret_value() if self.password else ""
        return Credentials(self._username(), password)

    @property
    def changed_by(self) -> str:
        """What brings other credentials, in words."""
        oauth = self.oauth
        if oauth is not None:
            return _FILE.format("client's secret") if oauth.client_secret_file else _RELOAD.format("client_secret")
        given = {"user name": self.username_file, "password": self.password_file}
        named = " or the ".join(name for name, file in given.items() if file is not None)
        return _FILE.format(named) if named else _RELOAD.format("password")

    @property
    def warnings(self) -> Iterator[str]:
        """What is allowed and yet doubtful, each with the key that it is about."""
        secret = "password" if self.oauth is None else "token"
        if self.url.startswith("http:") and not is_loopback(self.url):
            yield f"url: http:// sends the {secret} in the clear; use https:// unless a proxy nearby adds it"
        if is_portal(self.url):
            yield "url: a host of the portal, which answers web pages; expected one like eu5.fusionsolar.huawei.com"
        if self.oauth is not None and self.oauth.sends_in_the_clear:
            yield "oauth.token_url: http:// sends the client's secret in the clear; use https://"
        if self.tls.insecure_skip_verify:
            yield f"tls.insecure_skip_verify: anyone on the way can read the {secret}; prefer ca_file"
        files = {"username_file": self.username_file, "password_file": self.password_file}
        if self.oauth is not None:
            files = {
                "oauth.client_secret_file": self.oauth.client_secret_file,
                "oauth.token_key_file": self.oauth.token_key_file,
            }
        for key, path in files.items():
            try:
                shared = path is not None and path.stat().st_mode & _READABLE_BY_OTHERS
            except OSError as error:
                yield f"{key}: {str(path)!r} cannot be read now: {error.strerror}"
                continue
            if shared and key != "username_file":
                yield f"{key}: {str(path)!r} is readable by every user of this machine; its mode is better 0600"
        yield from self._quoted
        if self.rate_limits.session_lifetime <= self.rate_limits.margin:
            yield "rate_limits.session_lifetime: not longer than margin, so that every request needs a login"

    @property
    def _quoted(self) -> Iterator[str]:
        """Secrets that bring quotes along: word processors make them, and some files of environments keep them."""
        key = "password" if self.oauth is None else "oauth.client_secret"
        with suppress(CredentialsUnavailable):  # said elsewhere
            if _IN_QUOTES.fullmatch(self.credentials().password):
                yield (
                    f"{key}: has quotes around it that are sent as a part of it; "
                    "take them away, unless they belong to it"
                )

    def _username(self) -> str:
        if self.username_file is not None:
            return read_secret_file("username_file", self.username_file)
        return self.username or ""
