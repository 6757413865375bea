"""``accounts[].oauth``: a client that plant owners have agreed to, in the place of username and password."""

from pydantic import model_validator

from fusionsolar_exporter.config.connection import Address, is_loopback
from fusionsolar_exporter.config.credentials import read_secret_file
from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import FilePath, PositiveCount, PositiveDuration, SecretText, Section, Text
from fusionsolar_exporter.config.token_keys import read_token_keys

_SERVER = "https://oauth2.fusionsolar.huawei.com/rest/dp/uidm/oauth2/v1"
_DAY = 86400.0


class OAuthConfig(Section):
    """A registered client; durations are in seconds."""

    client_id: Text
    client_secret: SecretText | None = None
    client_secret_file: FilePath | None = None
    token_key_file: FilePath | None = None
    """Keys that tokens are encrypted with in the state; None keeps them readable."""
    redirect_uri: Address
    """As it is registered, to the letter."""
    authorize_url: Address = f"{_SERVER}/authorize"
    token_url: Address = f"{_SERVER}/token"
    daily_calls: PositiveCount = 1000
    """Of all data interfaces together, in any ``daily_window``."""
    daily_window: PositiveDuration = _DAY

    @model_validator(mode="after")
    def _one_secret(self) -> "OAuthConfig":
        given = [name for name in ("client_secret", "client_secret_file") if getattr(self, name) is not None]
        if not given:
            raise problem("missing; expected client_secret or client_secret_file", "client_secret")
        if len(given) > 1:
            raise problem("given beside client_secret; expected only one of the two", "client_secret_file")
        return self

    def secret(self) -> str:
        """Give the client's secret, reading its file anew; CredentialsUnavailable where it cannot be read."""
        if self.client_secret_file is not None:
            return read_secret_file("client_secret_file", self.client_secret_file)
        return self.client_secret.get_secret_value() if self.client_secret else ""

    def token_keys(self) -> tuple[bytes, ...]:
        """Give the keys of the state's tokens, reading their file anew; CredentialsUnavailable where it cannot be."""
        return () if self.token_key_file is None else read_token_keys(self.token_key_file)

    @property
    def sends_in_the_clear(self) -> bool:
        """Whether the client's secret leaves this machine without TLS."""
        return self.token_url.startswith("http:") and not is_loopback(self.token_url)
