"""The status page: the report of :mod:`.report` for people, as one HTML document."""

from collections.abc import Callable
from dataclasses import dataclass

from fusionsolar_exporter.status import AccountState
from fusionsolar_exporter.web.formatting import counted, moment, relative
from fusionsolar_exporter.web.status.account_section import account_section, overall_tone, state_badge
from fusionsolar_exporter.web.status.alarms_table import alarms_section
from fusionsolar_exporter.web.status.markup import Markup, element, foreign, joined, raw_text
from fusionsolar_exporter.web.status.plants_table import plants_needing, plants_section
from fusionsolar_exporter.web.status.query import PlantQuery
from fusionsolar_exporter.web.status.report import AccountReport, StatusReport
from fusionsolar_exporter.web.status.script import SCRIPT
from fusionsolar_exporter.web.status.style import FAVICON, STYLE

TITLE = "FusionSolar exporter"


@dataclass(frozen=True, slots=True)
class DayCharts:
    """The power of the last 24 hours, drawn; empty where there is nothing to draw."""

    of_plant: Callable[[str, str], Markup]
    """By account and plant code."""
    total: Markup


def render_page(report: StatusReport, query: PlantQuery, charts: DayCharts, *, telemetry_path: str) -> bytes:
    """Write the whole document in UTF-8. Every link is relative, so that it works behind a path."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", _title(report)),
        element("link", rel="icon", href=FAVICON),
        raw_text("style", STYLE),
    )
    body = element(
        "body",
        element(
            "header",
            element("h1", TITLE),
            element(
                "nav",
                element("a", "Metrics", href=telemetry_path.lstrip("/")),
                element("a", "Status as JSON", href="api/v1/status"),
                aria_label="Other pages",
            ),
        ),
        # the script puts what comes anew into this element alone, so that nobody's place on the page is lost
        element("main", *_live(report, query, charts), id="live"),
        raw_text("script", SCRIPT),
    )
    document = joined(Markup("<!DOCTYPE html>\n"), element("html", head, body, lang="en"))
    return document.encode("utf-8", "replace")


def _live(report: StatusReport, query: PlantQuery, charts: DayCharts) -> list[Markup]:
    now = report.timestamp_seconds
    overall = overall_tone([account.state for account in report.accounts])
    needing = [account for account in report.accounts if account.state != AccountState.OK]
    words = "all accounts are well" if not needing else f"{counted(len(needing), 'account')} not well"
    parts = [
        element(
            "p",
            element("span", words, class_=f"badge {overall}"),
            "" if report.ready else element("span", "not ready", class_="badge wait"),
            _attention_badge(report),
            element("span", f" version {report.version} · ", element("time", moment(now)), class_="dim"),
        )
    ]
    parts += [_trouble(account, now) for account in needing]
    parts += plants_section(report.accounts, query, charts.of_plant, charts.total, now)
    parts += alarms_section([alarm for account in report.accounts for alarm in account.alarms], now)
    several = len(report.accounts) > 1
    parts += [
        account_section(account, f"account-{number}", now, several=several)
        for number, account in enumerate(report.accounts)
    ]
    return parts


def _attention_badge(report: StatusReport) -> str:
    """An account is well whose plants are not: both are told."""
    needing = plants_needing(plant for account in report.accounts for plant in account.plants)
    words = f"{counted(needing, 'plant')} need{'s' if needing == 1 else ''} attention"
    return joined(" ", element("a", words, href="#plants", class_="badge bad")) if needing else ""


def _trouble(account: AccountReport, now: float) -> Markup:
    """What is wrong with an account, what to do, and until when it waits."""
    until = account.until_timestamp_seconds
    waits = "" if until is None or until <= now else f" The next login is {relative(until, now)} ({moment(until)})."
    return element(
        "div",
        element("p", element("strong", foreign(account.account)), " ", state_badge(account)),
        element("p", f"{account.advice}{waits}"),
        class_="failure",
    )


def _title(report: StatusReport) -> str:
    needing = sum(account.state != AccountState.OK for account in report.accounts)
    return f"({needing}) {TITLE}" if needing else TITLE
