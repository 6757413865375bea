"""Tokens out of state: those for which there is no key wait until it has come back."""

from dataclasses import replace

from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.persistence.account_record import TOKENS
from fusionsolar_exporter.refresh.persistence.records import Aged
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.refresh.session.token_cipher import TokenCipher, TokensLocked
from fusionsolar_exporter.state import Kept

_LOOK_SECONDS = 60.0


class TokenReader:
    """Moments are in the pacing clock's seconds."""

    def __init__(self, context: AccountContext, session: Session, cipher: TokenCipher) -> None:
        self._context = context
        self._session = session
        self._cipher = cipher
        self._waiting: Kept | None = None
        self._tried_at = 0.0
        self._tried_with = context.settings

    def take(self, kept: Kept) -> None:
        """Give the session what state holds; UnreadableRecordError where that is no record of tokens."""
        now = self._context.clock.now()
        self._waiting = None
        try:
            record, _ = TOKENS.read(self._cipher.decrypt(kept.value), Aged(now, kept.age, now))
        except TokensLocked:
            self._waiting, self._tried_at, self._tried_with = kept, now, self._context.settings
            return
        self._session.take_tokens(record.tokens)

    def due(self) -> Kept | None:
        """What waits for its key and is to be tried again: once a minute, and with other settings."""
        waiting, waited = self._waiting, self._context.clock.now() - self._tried_at
        if waiting is None or (waited < _LOOK_SECONDS and self._tried_with is self._context.settings):
            return None
        return replace(waiting, age=waiting.age + waited) if self._cipher.locked else None
