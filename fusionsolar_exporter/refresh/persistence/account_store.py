"""One account's way into its state and out of it: who leads, what must be kept before a request, and what after it."""

from collections.abc import Sequence

from fusionsolar_exporter.refresh.persistence.account_reader import AccountReader
from fusionsolar_exporter.refresh.persistence.account_writer import AccountWriter
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.session.tokens import HeldTokens
from fusionsolar_exporter.state import Entry, NotLeadingError, Partition


class AccountStore:
    """Used by the account's own thread."""

    def __init__(self, *, partition: Partition, journal: Journal, reader: AccountReader, writer: AccountWriter) -> None:
        self.leads = False
        """Whether this process refreshes the account."""
        self._partition = partition
        self._journal = journal
        self._reader = reader
        self._writer = writer
        self._calls_kept = -1
        self._tokens_kept: HeldTokens | None = None
        self._demands = False

    @property
    def keeps(self) -> bool:
        """Whether anything outlives this process."""
        return self._partition.keeps

    def take_part(self) -> bool:
        """Lead where nobody else does, and take over what others have kept meanwhile; whether there was anything."""
        led, self.leads = self.leads, self._partition.acquire()
        if led and self.leads:
            return False  # nobody else can have written
        new = self._partition.read_new()
        self._journal.superseded(kept.key for kept in new)
        # before anything that is known: the ledger that was kept, where there is one, then takes its place
        if self._partition.was_lost():
            self._reader.presume_asked()
        held = self._writer.session.tokens
        self._reader.take(new)
        if self._writer.session.tokens is not held:
            self._tokens_kept = self._writer.session.tokens
        elif self.keeps and not self.leads and self._renewed():
            self._demands = True
            self._partition.request_handover()  # who leads has a refresh token that was used up here
        return bool(new)

    def request_handover(self) -> None:
        """Have the process that leads give the account up."""
        self._partition.request_handover()

    def wait_seconds(self) -> float:
        """Where this process does not lead: after how long it makes sense to see again."""
        return self._partition.wait_seconds()

    def still_leads(self) -> bool:
        """Look whether nobody has taken the account, while nothing is asked."""
        return self._partition.acquire()

    def permit(self) -> None:
        """Keep the call that is about to be sent; NotLeadingError where it must not be."""
        if self.keeps:
            changes, tokens = self._writer.ledger_changes, self._writer.session.tokens
            # a refresh token works once: a new one is kept before anything is asked with what came with it
            self._write(*self._renewed(), self._writer.calls())
            self._calls_kept, self._tokens_kept = changes, tokens

    def save(self) -> None:
        """Keep what a request has changed; NotLeadingError where another process has the account by now."""
        if not self.keeps:
            return
        if self._partition.was_emptied():
            self._writer.write_lists_again()
            self._calls_kept = -1
            self._tokens_kept = None
        changes = self._writer.ledger_changes
        calls = () if changes == self._calls_kept else (self._writer.calls(),)
        tokens = self._writer.session.tokens
        self._write(*self._renewed(), *calls, self._writer.account(), *self._journal.pending())
        # only now: what could not be written is written the next time, by whoever leads then
        self._calls_kept, self._tokens_kept = changes, tokens
        self._journal.kept()
        if self._demands:
            self.release()

    def release(self) -> None:
        """Let others lead."""
        self._partition.release()
        self.leads = self._demands = False

    def _renewed(self) -> Sequence[Entry]:
        """The tokens, where they are not in the state as they are."""
        tokens = self._writer.session.tokens
        return () if tokens is None or tokens is self._tokens_kept else (self._writer.tokens(tokens),)

    def _write(self, *entries: Entry) -> None:
        try:
            self._partition.write(entries)
        except NotLeadingError:
            self.leads = False
            raise
