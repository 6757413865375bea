"""Puts the parts of one account together, each after what it needs."""

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.power_curves import PowerCurves
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.collectors import make_collectors
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.daylight import Daylight
from fusionsolar_exporter.refresh.energy_counting import EnergyCounting
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.refresh.failures import Failures
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.account_reader import AccountReader
from fusionsolar_exporter.refresh.persistence.account_store import AccountStore
from fusionsolar_exporter.refresh.persistence.account_writer import AccountWriter
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.persistence.token_reader import TokenReader
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.first_values import FirstValues
from fusionsolar_exporter.refresh.reporting.leadership import Leadership
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.request import Requester
from fusionsolar_exporter.refresh.schedule import Schedule
from fusionsolar_exporter.refresh.session.oauth import OAuthSession
from fusionsolar_exporter.refresh.session.password import PasswordSession
from fusionsolar_exporter.refresh.session.token_cipher import TokenCipher
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.refresh.units import UnitsByEvidence
from fusionsolar_exporter.state import Partition


def build_engine(
    settings: AccountSettings,
    collaborators: Collaborators,
    cache: Cache,
    partition: Partition,
    curves: PowerCurves | None = None,
) -> Engine:
    """The engine of one account; ``curves`` where somebody draws them."""
    curves = PowerCurves() if curves is None else curves
    clock = collaborators.clock
    context = AccountContext(clock, collaborators.log, settings)
    far_clock = FarClock(clock)

    # what is known, and what may be asked
    inventory = Inventory(settings.account.plants.selects)
    journal = Journal(clock, keeps=partition.keeps)
    counting = EnergyCounting(context, inventory)
    answers = AcceptedAnswers(cache, journal, counting, UnitsByEvidence(context, inventory))
    limiter = RateLimiter(context, inventory)
    oauth = settings.account.oauth
    cipher = TokenCipher(context)
    session = PasswordSession(context, limiter) if oauth is None else OAuthSession(context, limiter, oauth, cipher)
    status_builder = StatusBuilder(context, limiter, inventory, far_clock)
    collectors = make_collectors(context, limiter, inventory, answers, far_clock)

    # what outlives the process; a request may be sent only once the store has kept it
    store = AccountStore(
        clock=clock,
        partition=partition,
        journal=journal,
        reader=AccountReader(
            context=context,
            limiter=limiter,
            inventory=inventory,
            cache=cache,
            counting=counting,
            session=session,
            tokens=TokenReader(context, session, cipher),
            status_builder=status_builder,
            collectors=collectors,
            power_curves=curves,
        ),
        writer=AccountWriter(context, limiter, inventory, session, cipher, status_builder, collectors),
        curves=curves,
    )

    def without_secrets(told: str) -> str:
        return session.without_secrets(collaborators.without_secrets(told))

    requester = Requester(
        context, limiter, status_builder, collaborators, without_secrets=without_secrets, permit=store.permit
    )
    return Engine(
        context=context,
        inventory=inventory,
        answers=answers,
        limiter=limiter,
        session=session,
        status_builder=status_builder,
        collectors=collectors,
        store=store,
        requester=requester,
        failures=Failures(context, limiter, session, collectors),
        schedule=Schedule(context, limiter, collectors.all, Daylight(cache)),
        first_values=FirstValues(context, limiter, cache, collectors),
        leadership=Leadership(context),
    )
