"""Tokens on their way into state and out of it: encrypted (Fernet) where a file with keys is configured."""

from fusionsolar_exporter.config import CredentialsUnavailable
from fusionsolar_exporter.refresh.context import AccountContext

_MARK = b"fernet:"  # no record begins so: behind its length there is a brace


class TokensLocked(Exception):  # noqa: N818 - it is a state that passes when the key comes back
    """State holds tokens that cannot be read with the keys that there are: why."""


class TokenCipher:
    """The keys of one account, as they were when their file was last read."""

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._keys: tuple[bytes, ...] = ()
        self._kept_with: bytes | None = None  # the key of what state holds, empty for none
        self.locked = ""
        """Why the tokens in state cannot be read: meanwhile none is used, and none written over them."""

    @property
    def outdated(self) -> bool:
        """Whether what state holds is encrypted otherwise than the file of keys wants it by now."""
        return self._kept_with is not None and self._kept_with != self._first

    @property
    def advice(self) -> str:
        """What unlocks them."""
        return (
            "put the key that encrypted them into oauth.token_key_file, behind any newer one; where it is lost, "
            f"run `fusionsolar-exporter authorize {self._context.settings.name}`"
        )

    def look(self) -> None:
        """Read the file of keys anew; CredentialsUnavailable where it cannot be read, and the keys before stay."""
        oauth = self._context.settings.account.oauth
        self._keys = () if oauth is None else oauth.token_keys()

    def replace(self) -> None:
        """There is another consent: what state holds is not wanted any more."""
        self.locked = ""

    def encrypt(self, record: bytes) -> bytes:
        """With the first key, for state."""
        self._kept_with = self._first
        if not self._first:
            return record
        from cryptography.fernet import Fernet  # noqa: PLC0415 - some megabytes, for those who encrypt

        return _MARK + Fernet(self._first).encrypt(record)

    def decrypt(self, kept: bytes) -> bytes:
        """The record that state holds, by whichever key fits; TokensLocked where none does."""
        account = self._context.settings.name
        try:
            record = self._decrypt(kept)
        except (CredentialsUnavailable, TokensLocked) as error:
            if str(error) != self.locked:
                self.locked = str(error)
                self._context.log.error(self.locked, account=account, advice=self.advice)
            raise TokensLocked(self.locked) from None
        if self.locked:
            self.locked = ""
            self._context.log.info("the tokens in the state can be read again", account=account)
        return record

    def _decrypt(self, kept: bytes) -> bytes:
        self.look()
        if not kept.startswith(_MARK):
            self._kept_with = b""
            return kept
        if not self._keys:
            raise TokensLocked("the tokens in the state are encrypted, and no oauth.token_key_file is configured")
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - as above

        for key in self._keys:
            try:
                record = Fernet(key).decrypt(kept.removeprefix(_MARK))
            except InvalidToken:
                continue
            self._kept_with = key
            return record
        raise TokensLocked("the tokens in the state are encrypted with a key that oauth.token_key_file does not hold")

    @property
    def _first(self) -> bytes:
        return self._keys[0] if self._keys else b""
