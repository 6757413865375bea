"""A certificate and its key from PEM files, and which of the two is to blame where they are no pair."""

import ssl
from pathlib import Path


class KeyPairError(Exception):
    """They cannot be used; ``of_key`` where the key is to blame."""

    def __init__(self, message: str, *, of_key: bool) -> None:
        super().__init__(message)
        self.of_key = of_key


class _PassphraseError(Exception):
    """A key asks for its passphrase, which nobody is there to enter."""


def load_key_pair(context: ssl.SSLContext, cert_file: str, key_file: str | None) -> None:
    """Have a context prove itself by them; without ``key_file`` the certificate's file holds the key too.

    :raises KeyPairError: they are no pair.
    :raises OSError: a file cannot be read.
    """

    def refuse() -> str:
        raise _PassphraseError

    try:
        context.load_cert_chain(cert_file, key_file, password=refuse)
    except _PassphraseError:
        told = "the key has a passphrase, which nobody could enter: take one without"
        raise KeyPairError(told, of_key=True) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise KeyPairError("the key of another certificate", of_key=True) from None
        of_key = _holds_certificates(cert_file)
        what = "key" if of_key else "certificate"
        raise KeyPairError(f"no {what} in PEM format that can be read", of_key=of_key) from None


def _holds_certificates(file: str) -> bool:
    content = Path(file).read_bytes().decode("ascii", "ignore")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=content)
    except (ssl.SSLError, ValueError):
        return False
    return True
