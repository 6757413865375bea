"""Failures as the report tells them: what the far side said, what that means, what to do."""

import re

from fusionsolar_exporter.doctor.report import Problem
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.fail_codes import fail_code_row
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.reporting.advice import advice_for
from fusionsolar_exporter.status import FailureNote

_ENERGYORB = "energyorb.com"
_PORTAL_HOST = re.compile(r"(?:region|uni)\d+(?P<api>[a-z]+\d*)(?P<domain>\.fusionsolar\.huawei\.com)")


def problem_of(error: NorthboundError, at: float) -> Problem:
    """From a failure of this run; ``at`` in Unix seconds."""
    return Problem(error.reason, error.fail_code, error.message, _meaning(error.fail_code), advice_for(error), at)


def problem_of_note(note: FailureNote, clock: Clock) -> Problem:
    """From a failure that state remembers."""
    meaning = _meaning(note.fail_code)
    return Problem(note.reason, note.fail_code, note.message, meaning, note.advice, clock.wall(note.at))


def portal_advice(host: str) -> str:
    """What to write into ``url`` where a web page answers."""
    if host.partition(":")[0].endswith(_ENERGYORB):
        return (
            "this is the portal of EnergyOrb, which runs the European system since July 2026; it answers pages for "
            "a browser. No other API host is known than the one before: write https://eu5.fusionsolar.huawei.com "
            "into url, and ask EnergyOrb where that does not answer"
        )
    match = _PORTAL_HOST.match(host)
    likely = f"https://{match['api']}{match['domain']}, most likely" if match else "https://eu5.fusionsolar.huawei.com"
    return (
        f"this is a portal host, which answers with web pages for a browser. Write an API host into url: {likely} "
        "(there are eu5, intl, sg5, la5, au5 and jp5), or the address of your own management system"
    )


def _meaning(fail_code: int | None) -> str:
    return fail_code_row(fail_code).meaning if fail_code else ""
