"""What is remembered of refused credentials: enough to notice other ones, far too little to find them out.

Sixteen bits: of all the passwords that somebody may try against a stolen state, one in 65,536 matches.
"""

import hashlib
import secrets

from fusionsolar_exporter.config import Credentials

_BYTES = 2
_SALT_BYTES = 8


def fingerprint(credentials: Credentials) -> str:
    """A fingerprint with a salt of its own."""
    return _with_salt(secrets.token_hex(_SALT_BYTES), credentials)


def matches(kept: str, credentials: Credentials) -> bool:
    """Whether these may be the credentials that a fingerprint was made of."""
    return _with_salt(kept.partition(":")[0], credentials) == kept


def _with_salt(salt: str, credentials: Credentials) -> str:
    text = f"{salt}\0{credentials.username}\0{credentials.password}"
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_BYTES)
    return f"{salt}:{digest.hexdigest()}"
