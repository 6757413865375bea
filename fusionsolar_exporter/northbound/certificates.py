"""Whom to trust: certificates as they are handed out, PEM or DER, an authority's or the server's own."""

import ssl
import threading
from functools import lru_cache
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from fusionsolar_exporter.key_pair import KeyPairError, load_key_pair

_PEM = b"-----BEGIN CERTIFICATE-----"
_LARGEST = 16 * 1024 * 1024  # bytes
_MOST_CONTEXTS = 64
_Stamp = tuple[int, int, int] | None
_Files = tuple[str | None, str | None, str | None]
# hundreds of accounts start together, and most trust the same; a file system that hangs holds up only who reads from it
_making: dict[_Files, threading.Lock] = {}


class CertificatesError(Exception):
    """A file of certificates that cannot be used; the message names it."""


def tls_context(*, verify: bool, ca: str | None, cert_file: str | None, key_file: str | None) -> ssl.SSLContext:
    """The same for every Python: later ones refuse more, among it what the far side's own pages hand out.

    ``ca`` is a file or a folder of certificates to trust in the place of the usual ones; CertificatesError. Whoever
    asks for the same gets the same, until one of the files changes: reading all authorities takes a tenth of a second.
    """
    files = (ca or DEFAULT_CA_BUNDLE_PATH) if verify else None, cert_file, key_file
    with _making.setdefault(files, threading.Lock()):
        return _context(*files, tuple(map(_stamp, files)))


def _stamp(path: str | None) -> _Stamp:
    """Something that is different once a file or folder was changed or replaced."""
    try:
        found = None if path is None else Path(path).stat()
    except (OSError, ValueError):
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=_MOST_CONTEXTS)
def _context(
    authorities: str | None, cert_file: str | None, key_file: str | None, _stamps: tuple[_Stamp, ...]
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a server's own certificate is enough
    if authorities is not None:
        _trust(context, authorities)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert_file:
        try:
            load_key_pair(context, cert_file, key_file)
        except KeyPairError as error:
            at_fault = key_file if error.of_key and key_file else cert_file
            raise CertificatesError(f"{at_fault!r} cannot be used: {error}") from None
        except (OSError, ValueError) as error:
            raise CertificatesError(f"{cert_file!r} cannot be used: {_words(error)}") from None
    return context


def _trust(context: ssl.SSLContext, path: str) -> None:
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
            return
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST)
        # bytes are taken as DER, one after another; a text as PEM, whatever stands around the certificates
        context.load_verify_locations(cadata=content.decode("ascii", "ignore") if _PEM in content else content)
    except (OSError, ValueError) as error:
        raise CertificatesError(f"{path!r} cannot be used: {_words(error)}") from None


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError | ValueError):
        return "no certificates in PEM or DER"
    return getattr(error, "strerror", None) or type(error).__name__
