"""The file of keys that OAuth tokens are encrypted with in the state."""

import base64
import binascii
from pathlib import Path

from fusionsolar_exporter.config.credentials import read_secret_file
from fusionsolar_exporter.config.errors import CredentialsUnavailable

_KEY_BYTES = 32
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def read_token_keys(path: Path) -> tuple[bytes, ...]:
    """Read the keys anew, the one that encrypts first: a line each, empty lines and those that begin with # aside.

    Raises :class:`CredentialsUnavailable`, naming the file and the line, never what stands there.
    """
    lines = read_secret_file("oauth.token_key_file", path).splitlines()
    keys = tuple(
        _key(path, number, line.strip())
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.strip().startswith("#")
    )
    if not keys:
        raise CredentialsUnavailable(f"oauth.token_key_file {str(path)!r} holds no key")
    return keys


def _key(path: Path, number: int, line: str) -> bytes:
    """In the alphabet for addresses, whichever of the two it is written in."""
    try:
        key = line.encode("ascii").translate(_URL_SAFE)
        decoded = base64.b64decode(key + b"=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        decoded = b""
    if len(decoded) != _KEY_BYTES:
        raise CredentialsUnavailable(
            f"oauth.token_key_file {str(path)!r} has no key in line {number}; expected {_KEY_BYTES} random bytes in "
            "base64, as `openssl rand -base64 32` prints them"
        )
    return base64.urlsafe_b64encode(decoded)
