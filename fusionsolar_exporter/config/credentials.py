"""Who logs in, and the files it may be kept in."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from fusionsolar_exporter.config.errors import CredentialsUnavailable
from fusionsolar_exporter.config.fields import bare

_LARGEST_SECRET = 65_536  # bytes
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what some shells write with ">"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A username and its password; the password is not in the representation."""

    username: str
    password: str = field(repr=False)


def read_secret_file(key: str, path: Path) -> str:
    """Read a file anew, without white space and a byte order mark around what it says.

    ``key`` names the configuration's key in messages.

    Raises :class:`CredentialsUnavailable`, naming the file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise CredentialsUnavailable(f"{key} {str(path)!r} cannot be read: {reason}") from None
    if len(content) > _LARGEST_SECRET:
        raise CredentialsUnavailable(f"{key} {str(path)!r} is larger than {_LARGEST_SECRET} bytes")
    try:
        text = bare(content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8"))
    except UnicodeDecodeError:
        raise CredentialsUnavailable(f"{key} {str(path)!r} is not UTF-8 text") from None
    if not text:
        raise CredentialsUnavailable(f"{key} {str(path)!r} is empty")
    return text
