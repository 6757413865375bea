"""The word that goes to the owner's browser and comes back with the code (``state``), so that nobody slips in another.

It is made from the account, the minute and the client's secret, and so has to be kept nowhere: the process that reads
an answer need not be the one that printed the address, and may run on another machine.
"""

import hashlib
import hmac
import string

_DIGITS = string.digits + string.ascii_letters
_MINUTE_LENGTH, _MARK_LENGTH = 5, 11  # together 16: a client in use cuts it for a limit on the length of the address
_GOOD_MINUTES = 60
_AHEAD_MINUTES = 2  # clocks of two machines differ
_ROUNDS = 100_000  # nobody shall find a weak secret out from what a browser shows


class ConsentState:
    """One account's; ``account`` is whatever tells it from all others."""

    def __init__(self, account: str, secret: str) -> None:
        self._key = hashlib.pbkdf2_hmac("sha256", secret.encode(), account.encode(errors="surrogatepass"), _ROUNDS)

    def word(self, now: float) -> str:
        """The word of a minute; ``now`` is Unix seconds."""
        return self._of(int(now // 60))

    def is_ours(self, word: str, now: float) -> bool:
        """Whether a word was made within the last hour."""
        this = int(now // 60)
        return any(
            hmac.compare_digest(self._of(this - age).encode(), word.encode(errors="replace"))
            for age in range(-_AHEAD_MINUTES, _GOOD_MINUTES + 1)
        )

    def _of(self, minute: int) -> str:
        mark = hashlib.blake2b(str(minute).encode(), key=self._key, digest_size=16).digest()
        return _text(minute, _MINUTE_LENGTH) + _text(int.from_bytes(mark, "big"), _MARK_LENGTH)


def _text(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits += _DIGITS[digit]
    return digits
