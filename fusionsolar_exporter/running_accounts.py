"""The accounts of the configuration in force: made for a configuration, exchanged as a whole, started and ended."""

import math
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.config import AccountConfig, Config, ConfigError, CredentialsUnavailable
from fusionsolar_exporter.open_files import provide_open_files
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import Partition, State
from fusionsolar_exporter.state.late_partition import LatePartition
from fusionsolar_exporter.supervision import Supervisor, ThreadKind
from fusionsolar_exporter.view import AccountView

_APART = 0.1  # seconds between two accounts that start together: what one of them costs until it has its first values
_LONGEST_START = 30.0  # seconds until the last of them starts
_STOP_SECONDS = 2.0  # for a request in flight and the logout, out of the five that SIGTERM allows

Identity = tuple[str, str]
"""Host and user: what limits, session and state belong to."""


@dataclass(frozen=True, slots=True)
class AccountSet:
    """The accounts of one configuration, with the settings that it gives them."""

    accounts: Mapping[Identity, Account] = field(default_factory=dict)
    settings: Mapping[Identity, AccountSettings] = field(default_factory=dict)

    def without(self, other: "AccountSet") -> Sequence[Account]:
        """The accounts that another set does not have."""
        kept = set(other.accounts.values())
        return [account for account in self.accounts.values() if account not in kept]


class RunningAccounts:
    """Read from any thread; prepared and exchanged by one at a time."""

    def __init__(self, collaborators: Collaborators, state: State, supervisor: Supervisor, clock: Clock) -> None:
        self._supervisor = supervisor
        self._collaborators = collaborators
        self._state = state
        self._clock = clock
        self._in_force = AccountSet()
        self._unreadable: weakref.WeakSet[Account] = weakref.WeakSet()
        self._named_late: dict[Identity, Identity] = {}

    @property
    def in_force(self) -> AccountSet:
        """Those of the configuration in force."""
        return self._in_force

    def all(self) -> Sequence[Account]:
        """Those in force, in the order of the configuration."""
        return tuple(self._in_force.accounts.values())

    def views(self) -> Sequence[AccountView]:
        """Every account as it is now."""
        return [
            AccountView(
                settings.name,
                self._snapshot(account),
                account.status(),
                settings.account.scale_overrides,
                account.power_curves,
            )
            for account in self.all()
            for settings in (account.settings,)
        ]

    def waited_for(self) -> Sequence[str]:
        """Accounts that have had neither their first answer nor their first failure."""
        return [account.settings.name for account in self.all() if not account.status().had_first_outcome]

    def next_change(self) -> float:
        """When something changes though nothing arrives: data expires, or a call ceases to count."""
        now = self._clock.now()
        return min(
            (
                moment
                for account in self.all()
                for moment in (
                    account.cache.next_expiry(),
                    *(interface.next_change(now) for interface in account.status().interfaces),
                )
            ),
            default=math.inf,
        )

    def _snapshot(self, account: Account) -> Snapshot:
        try:
            snapshot = account.cache.snapshot()
        except Exception as error:  # noqa: BLE001 - whatever it is, other accounts have nothing to do with it
            if account in self._unreadable:  # it may come back every second: the log has it
                self._supervisor.count(ThreadKind.RENDER)
            else:
                self._unreadable.add(account)
                self._supervisor.failed(ThreadKind.RENDER, error, account=account.settings.name)
            return Snapshot()
        self._unreadable.discard(account)
        return snapshot

    def prepare(self, config: Config) -> AccountSet:
        """Make what a configuration has anew; accounts of the same host and user are taken over. Changes nothing."""
        settings = {
            self._identity(account, number): AccountSettings(account, config.collectors)
            for number, account in enumerate(config.accounts)
        }
        provide_open_files(len(settings), self._collaborators.log)
        accounts: dict[Identity, Account] = {}
        try:
            for identity, wanted in settings.items():
                known = self._known(identity, wanted)
                accounts[identity] = known or Account(wanted, self._collaborators, self._partition(identity, wanted))
        except BaseException:
            self.discard(AccountSet(accounts))
            raise
        return AccountSet(accounts, settings)

    def exchange(self, others: AccountSet) -> None:
        """Put others in force; accounts that stay take their new settings."""
        before, self._in_force = self._in_force, others
        for identity, account in others.accounts.items():
            if account in before.accounts.values():
                account.reconfigure(others.settings[identity])

    def discard(self, those: AccountSet) -> None:
        """Retire what is not in force."""
        for account in those.without(self._in_force):
            account.retire()

    def _identity(self, account: AccountConfig, number: int) -> Identity:
        """Where the username cannot be read: its file, for an account that waits for it since the start."""
        try:
            return account.identity
        except CredentialsUnavailable as error:
            waiting = account.host, str(account.username_file)
            if self._in_force.accounts and waiting not in self._in_force.accounts:
                told = f"accounts[{number}].{error}; nobody knows then whose limits and session these are"
                raise ConfigError([told]) from None
            return waiting

    def _known(self, identity: Identity, wanted: AccountSettings) -> Account | None:
        known = self._in_force.accounts.get(identity)
        waiting = wanted.account.host, str(wanted.account.username_file)
        if known is None and self._named_late.get(waiting) == identity:
            return self._in_force.accounts.get(waiting)
        return known

    def _partition(self, identity: Identity, wanted: AccountSettings) -> Partition:
        partition = self._state.partition(*identity)
        if identity != (wanted.account.host, str(wanted.account.username_file)):
            return partition

        def find() -> Partition | None:
            try:
                named = wanted.account.identity
            except CredentialsUnavailable:
                return None
            self._named_late[identity] = named
            return self._state.partition(*named)

        return LatePartition(find, keeps=partition.keeps)

    def start(self) -> None:
        """Begin to refresh, each account in its own thread; those that run already go on.

        One shortly after the other: a scrape would have to wait while hundreds are answered at once.
        """
        new = [account for account in self.all() if not account.started]
        apart = min(_APART, _LONGEST_START / max(len(new), 1))
        for number, account in enumerate(new):
            account.start(number * apart)

    def stop(self) -> None:
        """End the threads and the sessions, in two seconds at most."""
        stopping = [threading.Thread(target=account.stop, args=(_STOP_SECONDS,), daemon=True) for account in self.all()]
        for thread in stopping:
            thread.start()
        until = self._clock.now() + _STOP_SECONDS
        for thread in stopping:
            thread.join(max(until - self._clock.now(), 0.0))
        self._state.close()
