"""One account's way into its state and out of it: who leads, what must be kept before a request, and what after it."""

import math
from collections.abc import Sequence
from contextlib import suppress

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.power_curves import PowerCurves
from fusionsolar_exporter.refresh.persistence.account_reader import AccountReader
from fusionsolar_exporter.refresh.persistence.account_record import lacks_calls
from fusionsolar_exporter.refresh.persistence.account_writer import AccountWriter
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.persistence.power_record import power_entry
from fusionsolar_exporter.refresh.session.tokens import HeldTokens
from fusionsolar_exporter.state import Entry, Found, NotLeadingError, Partition

_PATIENCE = 60.0  # seconds for state that cannot be read yet
_ASIDE = 10.0  # seconds in which another process may lead that has the key of the tokens


class AccountStore:
    """Used by the account's own thread."""

    def __init__(
        self,
        *,
        clock: Clock,
        partition: Partition,
        journal: Journal,
        reader: AccountReader,
        writer: AccountWriter,
        curves: PowerCurves,
    ) -> None:
        self.leads = False
        """Whether this process refreshes the account."""
        self.held_elsewhere = False
        """Whether it does not because another one does, or perhaps does."""
        self._clock = clock
        self._partition = partition
        self._journal = journal
        self._reader = reader
        self._writer = writer
        self._curves = curves
        self._calls_kept = -1
        self._tokens_kept: HeldTokens | None = None
        self._demands = False
        self._insists = False
        self._aside_until = -math.inf
        self._presumed_as: bool | None = None  # while nothing can be read: whether this process led
        self._patient_until: float | None = None
        self._sent_unread = False

    @property
    def keeps(self) -> bool:
        """Whether anything outlives this process."""
        return self._partition.keeps

    @property
    def named(self) -> bool:
        """Whether it is known whose account it is."""
        return self._partition.named

    def take_part(self) -> bool:
        """Lead where nobody else does, and take over what others have kept meanwhile; whether there was anything."""
        took = self._take_waiting()
        if self._clock.now() >= self._aside_until:
            took = self._take_part() or took
            self._step_aside()
        return took

    def _take_part(self) -> bool:
        led, self.leads = self.leads, self._partition.acquire()
        self.held_elsewhere = self.named and not self.leads
        if led and self.leads and not self._partition.unread:
            if self._partition.was_emptied():
                self._write_anew()
            return False  # nobody else can have written
        first = self._partition.unread
        found = self._partition.read_new()
        if self._partition.unread:
            self._without_reading(found)
        if found.entries or not self._partition.unread:
            self._take_over(found, first=first and not self._partition.unread)
        return bool(found.entries)

    def _take_waiting(self) -> bool:
        """Take over tokens whose key has come back; whether it was looked for."""
        held = self._writer.session.tokens
        looked = self._reader.take_waiting()
        if looked and not self._writer.cipher.locked:
            self._aside_until = -math.inf
        # who leads writes them anew, with the key that is first by now
        if not self.leads and self._writer.session.tokens is not held:
            self._tokens_kept = self._writer.session.tokens
        return looked

    def _without_reading(self, found: Found) -> None:
        """What was kept may be read soon: some patience saves a login and much else, then care has to do."""
        now = self._clock.now()
        if not found.unknown:
            return
        if self._patient_until is None:
            self._patient_until = now + _PATIENCE
        if self._presumed_as is not self.leads:
            self._presumed_as = self.leads
            self._reader.presume_asked()
        self.leads = self.leads and now >= self._patient_until

    def _take_over(self, found: Found, *, first: bool) -> None:
        self._journal.superseded(kept.key for kept in found.entries)
        held = self._writer.session.tokens
        if self._sent_unread:
            self._reader.take_beside(found.entries)
        else:
            self._reader.take(found.entries)
        self._sent_unread = False
        # after it: what was read may lack the newest calls
        if found.unknown or (first and lacks_calls(found.entries)):
            self._reader.presume_asked()
        if self._writer.session.tokens is not held:
            self._tokens_kept = self._writer.session.tokens
        elif self.keeps and not self.leads and self._renewed():
            self._demands = True
            self._partition.request_handover()  # who leads has a refresh token that was used up here

    def _step_aside(self) -> None:
        """Nothing can be asked here while tokens cannot be read: another process may have their key."""
        if self.leads and self._writer.cipher.locked and not self._insists:
            self._partition.release()
            self.leads, self._aside_until = False, self._clock.now() + _ASIDE

    def request_handover(self) -> None:
        """Have the process that leads give the account up to this one."""
        self._insists, self._aside_until = True, -math.inf
        self._partition.request_handover()

    def wait_seconds(self) -> float:
        """Where this process does not lead: after how long it makes sense to see again."""
        return self._partition.wait_seconds()

    def still_leads(self) -> bool:
        """Look whether nobody has taken the account, while nothing is asked."""
        return self._partition.acquire()

    def permit(self) -> None:
        """Keep the call that is about to be sent; NotLeadingError where it must not be."""
        self._sent_unread = self._sent_unread or self._partition.unread
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
            self._forget_kept()
        changes = self._writer.ledger_changes
        calls = () if changes == self._calls_kept else (self._writer.calls(),)
        tokens = self._writer.session.tokens
        points, now = self._curves.unkept(), self._clock.now()
        powers = [power_entry(point, now) for point in points]
        self._write(*self._renewed(), *calls, self._writer.account(), *self._journal.pending(), *powers)
        # only now: what could not be written is written the next time, by whoever leads then
        self._calls_kept, self._tokens_kept = changes, tokens
        self._journal.kept()
        self._curves.kept(points)
        if self._demands:
            self.release()

    def release(self) -> None:
        """Let others lead."""
        if self.leads and not self.keeps:
            self._write(*self._writer.everything())  # for this process, which may be given the account again
        self._partition.release()
        self.leads = self._demands = False

    def _write_anew(self) -> None:
        self._forget_kept()
        with suppress(NotLeadingError):
            self.save()

    def _forget_kept(self) -> None:
        self._journal.again(self._writer.lists())
        self._curves.keep_again()
        self._calls_kept = -1
        self._tokens_kept = None

    def _renewed(self) -> Sequence[Entry]:
        """The tokens, where they are not in the state as they are."""
        tokens, cipher = self._writer.session.tokens, self._writer.cipher
        kept = tokens is self._tokens_kept and not (self.leads and cipher.outdated)
        return () if tokens is None or kept or cipher.locked else (self._writer.tokens(tokens),)

    def _write(self, *entries: Entry) -> None:
        try:
            self._partition.write(entries)
        except NotLeadingError:
            self.leads = False
            raise
