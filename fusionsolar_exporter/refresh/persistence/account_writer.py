"""From an account to the entries that its state keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.account_record import (
    ACCOUNT,
    ACCOUNT_KEY,
    CALLS,
    CALLS_KEY,
    TOKENS,
    TOKENS_KEPT,
    TOKENS_KEY,
    AccountRecord,
    CallsRecord,
    KeptCollectors,
    TokensRecord,
)
from fusionsolar_exporter.refresh.persistence.journal import LONG, Journal
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.refresh.session.token_cipher import TokenCipher
from fusionsolar_exporter.refresh.session.tokens import HeldTokens
from fusionsolar_exporter.state import Entry


@dataclass(frozen=True, slots=True)
class AccountWriter:
    """Changes nothing."""

    context: AccountContext
    limiter: RateLimiter
    inventory: Inventory
    session: Session
    cipher: TokenCipher
    status_builder: StatusBuilder
    collectors: Collectors

    @property
    def ledger_changes(self) -> int:
        """Grows whenever :meth:`calls` would differ."""
        return self.limiter.ledger.changes

    def calls(self) -> Entry:
        """The calls of the ledger."""
        now = self.context.clock.now()
        calls, moments = self.limiter.ledger.kept()
        daily = self.limiter.daily.moments
        moments.extend(daily)
        return Entry(CALLS_KEY, CALLS.write(CallsRecord(now, calls, len(daily)), moments), now, LONG)

    def account(self) -> Entry:
        """All else but answers."""
        now, collectors = self.context.clock.now(), self.collectors
        holds = {interface: hold.kept() for interface, hold in self.limiter.holds.items()}
        record = AccountRecord(
            now=now,
            holds={interface: kept for interface, kept in holds.items() if kept},
            paces=self.limiter.paces.kept(),
            session=self.session.kept(),
            outcomes=self.status_builder.kept(),
            collectors=KeptCollectors(
                plant_list=collectors.plant_list.kept(),
                device_list=collectors.device_list.kept_batches(),
                plant_realtime=collectors.plant_realtime.kept_batches(),
                device_realtime=collectors.device_realtime.kept(),
                alarms=collectors.alarms.kept(),
                reports={report.name: report.kept() for report in collectors.reports if report.enabled},
                zones=collectors.zones.kept(),
                inverter_convergence=collectors.convergence.kept_batches(),
            ),
            budget=self.limiter.daily.learnt,
        )
        return Entry(ACCOUNT_KEY, ACCOUNT.write(record), now, LONG)

    def tokens(self, tokens: HeldTokens) -> Entry:
        """What an owner's consent has brought."""
        now = self.context.clock.now()
        record = self.cipher.encrypt(TOKENS.write(TokensRecord(now, tokens)))
        return Entry(TOKENS_KEY, record, now, TOKENS_KEPT)

    def lists(self) -> Sequence[Entry]:
        """The lists, which are asked for seldom; readings come anew soon."""
        journal = Journal(self.context.clock, keeps=True)
        inventory, collectors = self.inventory, self.collectors
        if inventory.plants_listed_at is not None:
            freshness = collectors.plant_list.freshness(inventory.plants_listed_at)
            journal.plant_list(inventory.listed, freshness)
        for moment, codes, devices in inventory.device_lists():
            journal.device_list(codes, devices, collectors.device_list.freshness(moment))
        return journal.pending()

    def everything(self) -> Sequence[Entry]:
        """All but readings."""
        tokens = self.session.tokens
        held = () if tokens is None else (self.tokens(tokens),)
        return (*self.lists(), *held, self.calls(), self.account())
