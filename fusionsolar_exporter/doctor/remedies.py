"""What a person has to do, each thing once, the most urgent first."""

from collections.abc import Iterator, Sequence

from fusionsolar_exporter.doctor.ask import TOO_MANY_INVERTERS
from fusionsolar_exporter.doctor.problems import portal_advice
from fusionsolar_exporter.doctor.report import AccountFindings, Host, InterfaceFindings, Outcome
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.web.formatting import span

_BOTH_LISTS = "plant_list"
_SLOWER = 1.5  # times slower than documented


def remedies(account: AccountFindings) -> tuple[str, ...]:
    """In the order in which they are worth doing."""
    if account.answers is Host.WEB_PAGE:
        return (portal_advice(account.host),)
    return tuple(dict.fromkeys(_remedies(account)))


def _remedies(account: AccountFindings) -> Iterator[str]:
    if account.session.problem is not None:
        yield f"login: {account.session.problem.advice}"
    if account.session.contended:
        yield "another program uses this user: give each program a northbound user of its own"
    lists = [each for each in account.interfaces if each.collector == _BOTH_LISTS]
    for each in account.interfaces:
        stands_in = each in lists and any(other.permitted for other in lists)
        if each.problem is not None and not stands_in:
            yield f"{each.interface}: {each.problem.advice}"
        elif each.outcome is Outcome.NOT_ASKED and each.permitted is None and each.next_timestamp_seconds is not None:
            yield f"{each.interface}: run this again when it is free, or with --wait"
    known = any(each.outcome is Outcome.ANSWERED for each in lists)
    if known and not account.plants.listed:
        yield (
            "no plant is bound to this user: bind plants under System > Business Configuration > "
            "Northbound Management, or see whether the user's company owns any"
        )
    elif known and not account.plants.selected:
        yield "plants.include and plants.exclude of the configuration take none of the plants"
    if any(each.summary == TOO_MANY_INVERTERS for each in account.interfaces):
        yield (
            "inverter_convergence asks for 100 inverters an hour, and more are known: name those that matter in "
            "collectors.inverter_convergence.serial_numbers"
        )
    yield from _about_paces([each for each in account.interfaces if each.pace_ratio > _SLOWER])
    if any(each.problem is not None and each.problem.reason == Reason.PERMISSION for each in account.interfaces):
        yield "then run this again: as soon as it finds the permission, a running exporter goes on too"


def _about_paces(slower: Sequence[InterfaceFindings]) -> Iterator[str]:
    for each in slower:
        seconds = each.pace_seconds or 0.0
        yield (
            f"{each.interface}: the far side allows a call in {span(seconds)}, the limits say "
            f"{span(seconds / each.pace_ratio)}: see whether another program uses this user"
        )
    if len(slower) > 1:
        yield (
            "several interfaces are slower than documented: a user made before July 2022 keeps older limits, and a new "
            "northbound user has the documented ones"
        )
