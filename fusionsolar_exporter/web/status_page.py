"""The status page: the report of :mod:`.status_report` for people, as one HTML document."""

from collections.abc import Iterable, Sequence

from fusionsolar_exporter.status import AccountState
from fusionsolar_exporter.web.formatting import NOTHING, counted, moment, relative, span, tally
from fusionsolar_exporter.web.markup import Markup, element, joined, raw_text
from fusionsolar_exporter.web.status_report import (
    ReportedAccount,
    ReportedCollector,
    ReportedFailure,
    ReportedInterface,
    ReportedPlant,
    StatusReport,
)
from fusionsolar_exporter.web.status_style import STYLE

MAX_PLANTS = 100
"""Plants shown for each account; the JSON has them all."""

_TONE: dict[str, str] = {
    AccountState.OK: "ok",
    AccountState.STARTING: "wait",
    AccountState.PAUSED: "wait",
}


def render_page(report: StatusReport, *, telemetry_path: str) -> bytes:
    """Write the whole document in UTF-8."""
    title = "FusionSolar exporter"
    now = report.timestamp_seconds
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        raw_text("style", STYLE),
    )
    ready = _badge("ready", "ok") if report.ready else _badge("not ready", "wait")
    body = element(
        "body",
        element("h1", f"{title} ", ready),
        element("p", f"Version {report.version} · {moment(now)}", class_="dim"),
        element(
            "nav",
            element("a", "Metrics", href=telemetry_path),
            element("a", "Status as JSON", href="/api/v1/status"),
        ),
        *_overview(report.accounts),
        *(_account(account, f"account-{number}", now) for number, account in enumerate(report.accounts)),
    )
    document = joined(Markup("<!DOCTYPE html>\n"), element("html", head, body, lang="en"))
    return document.encode("utf-8", "replace")


def _overview(accounts: Sequence[ReportedAccount]) -> list[Markup]:
    """List the accounts, where there are several, with a link to each."""
    if len(accounts) < 2:  # noqa: PLR2004 - one needs no list
        return []
    rows = (
        (
            element("a", _name(account.account), href=f"#account-{number}"),
            _state(account),
            f"{len(account.plants):,}",
            f"{sum(account.devices.values()):,}",
            f"{len(account.failures):,}",
        )
        for number, account in enumerate(accounts)
    )
    return _table("", ("Account", "State", "Plants", "Devices", "Failures"), rows)


def _account(account: ReportedAccount, anchor: str, now: float) -> Markup:
    facts = [
        account.host,
        counted(len(account.plants), "plant"),
        counted(sum(account.devices.values()), "device"),
    ]
    if not account.leader:
        facts.append("refreshed by another replica")
    if account.interval_stretch is not None and account.interval_stretch > 1:
        facts.append(f"intervals stretched by {account.interval_stretch:.2f}: the account's own speed is the limit")
    if account.clock_offset_seconds is not None:
        facts.append(f"clock of the far side {account.clock_offset_seconds:+.1f} s")
    parts = [
        element("h2", _name(account.account), " ", _state(account)),
        element("p", " · ".join(facts), class_="dim"),
    ]
    if account.advice:
        parts.append(element("p", account.advice))
    parts += _failures(account.failures, now)
    parts += _table(
        "Collectors",
        ("Collector", "State", "Every", "Last success", "Next", "Took", "Cached"),
        (_collector(collector, now) for collector in account.collectors),
    )
    parts += _table(
        "Quotas",
        ("Interface", "Used", "Window", "Next request", "Held"),
        (_interface(interface, now) for interface in account.interfaces),
    )
    if account.devices:
        parts += [element("h3", "Devices"), element("p", tally(account.devices))]
    parts += _plants(account.plants)
    return element("section", *parts, id=anchor)


def _state(account: ReportedAccount) -> Markup:
    return _badge(account.state, _TONE.get(account.state, "bad"))


def _collector(collector: ReportedCollector, now: float) -> Sequence[str]:
    if not collector.enabled:
        return collector.collector, element("span", "off", class_="dim"), *[NOTHING] * 5
    if collector.success:
        state = element("span", "ok", class_="ok")
    elif collector.last_success_timestamp_seconds is None:
        state = element("span", "waiting", class_="wait")
    else:
        state = element("span", "failing", class_="bad")
    return (
        collector.collector,
        state,
        span(collector.interval_seconds),
        _when(collector.last_success_timestamp_seconds, now),
        _when(collector.next_sweep_timestamp_seconds, now),
        span(collector.last_sweep_duration_seconds),
        f"{collector.cache_entries:,}",
    )


def _interface(interface: ReportedInterface, now: float) -> Sequence[str]:
    used, allowed = interface.quota_used_calls, interface.quota_calls
    held = interface.held_until_timestamp_seconds
    return (
        interface.interface,
        joined(f"{used:,} of {allowed:,} ", element("meter", value=f"{used}", max=f"{max(allowed, 1)}")),
        span(interface.quota_window_seconds),
        _when(interface.next_request_timestamp_seconds, now),
        NOTHING if held is None else joined(_when(held, now), element("br"), interface.hold_reason),
    )


def _failures(failures: Sequence[ReportedFailure], now: float) -> list[Markup]:
    return [
        element(
            "div",
            element(
                "p",
                element("strong", failure.interface),
                f" {failure.reason} " if failure.fail_code is None else f" {failure.reason} ({failure.fail_code}) ",
                _when(failure.timestamp_seconds, now),
            ),
            element("p", _name(failure.message)),
            element("p", failure.advice),
            class_="failure",
        )
        for failure in failures
    ]


def _plants(plants: Sequence[ReportedPlant]) -> list[Markup]:
    if not plants:
        return []
    rows = (
        (
            _name(plant.plant),
            plant.plant_code,
            tally(plant.devices),
            NOTHING if plant.active_alarms is None else f"{plant.active_alarms:,}",
        )
        for plant in plants[:MAX_PLANTS]
    )
    shown = counted(len(plants), "plant")
    if len(plants) > MAX_PLANTS:
        shown = f"{shown}, the first {MAX_PLANTS} by code"
    table = _table("", ("Plant", "Code", "Devices", "Active alarms"), rows)
    return [element("details", element("summary", shown), *table)]


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Markup]:
    """Build a heading and a table; nothing where there are no rows."""
    written = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    if not written:
        return []
    head = element("tr", *(element("th", heading) for heading in headings))
    table = element("div", element("table", head, *written), class_="scroll")
    return [element("h3", title), table] if title else [table]


def _name(text: str) -> Markup:
    """Isolate a foreign text, so that its writing direction stays its own."""
    return element("bdi", text)


def _badge(text: str, tone: str) -> Markup:
    return element("span", text, class_=f"badge {tone}")


def _when(at: float | None, now: float) -> str:
    """Write a moment by its distance, and the time itself beside it."""
    if at is None:
        return NOTHING
    return joined(f"{relative(at, now)} ", element("small", moment(at)))
