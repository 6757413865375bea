"""One account: how it stands, what failed, its collectors, quotas and devices."""

from collections.abc import Sequence

from fusionsolar_exporter.status import AccountState
from fusionsolar_exporter.web.formatting import NOTHING, counted, moment, relative, span, tally
from fusionsolar_exporter.web.status.markup import Markup, element, foreign, joined, table
from fusionsolar_exporter.web.status.report import (
    AccountReport,
    BudgetReport,
    CollectorReport,
    FailureReport,
    InterfaceReport,
    LeftOutReport,
)

_TONE: dict[str, str] = {
    AccountState.OK: "ok",
    AccountState.STARTING: "wait",
    AccountState.PAUSED: "wait",
}
_WORST_FIRST = ("bad", "wait", "ok")
_COLLECTORS = ("Collector", "State", "Every", "Last success", "Next", "Took", "Cached")
_WORTH_WORDS = 60.0  # seconds
_SLOWER = 1.01  # times slower than its limits: worth a word
_LEFT_OUT = ("Collector", "Id", "Name", "Until")
MOST_LEFT_OUT = 20
"""Shown on the page; the JSON has them all."""
_BUDGET = "all data interfaces"
_QUOTAS = ("Interface", "Used", "Window", "Next request", "Held")


def state_badge(account: AccountReport) -> Markup:
    """The state in its colour."""
    return element("span", account.state, class_=f"badge {_TONE.get(account.state, 'bad')}")


def overall_tone(states: Sequence[str]) -> str:
    """As red as the worst account."""
    tones = {_TONE.get(state, "bad") for state in states}
    return next((tone for tone in _WORST_FIRST if tone in tones), "ok")


def account_section(account: AccountReport, anchor: str, now: float, *, several: bool) -> Markup:
    """The whole account; closed where there are several and it is well."""
    facts = [account.host, counted(len(account.plants), "plant"), counted(sum(account.devices.values()), "device")]
    if not account.leader:
        facts.append(
            "not refreshed here: another replica does, or one takes it within two leases once the state can be reached"
        )
    if account.interval_stretch is not None and account.interval_stretch > 1:
        facts.append(
            f"intervals stretched by up to {account.interval_stretch:.2f}: the account's own speed is the limit"
        )
    if account.clock_offset_seconds is not None:
        facts.append(_clock(account.clock_offset_seconds))
    parts = [element("p", " · ".join(facts), class_="dim"), *_failures(account.failures, now)]
    if account.collectors:
        rows = [_collector(collector, now) for collector in account.collectors]
        parts.append(table(_COLLECTORS, rows, caption="Collectors"))
    left_out = [(each.collector, one) for each in account.collectors for one in each.left_out]
    if left_out:
        left = [_left_out(collector, one, now) for collector, one in left_out[:MOST_LEFT_OUT]]
        parts.append(
            table(_LEFT_OUT, left, caption=f"Left out: {counted(len(left_out), 'id')} that the far side refuses")
        )
    if account.interfaces:
        quotas = [_interface(interface, now) for interface in account.interfaces]
        if account.budget is not None:
            quotas.append(_budget(account.budget))
        parts.append(table(_QUOTAS, quotas, caption="Quotas"))
        parts += [_pace(interface, now) for interface in account.interfaces if interface.pace_ratio > _SLOWER]
    if account.devices:
        parts += [element("h3", "Devices"), element("p", tally(account.devices))]
    heading = element("h2", "Account ", foreign(account.account), " ", state_badge(account))
    if several and account.state == AccountState.OK:
        return element("section", element("details", element("summary", heading), *parts), id=anchor)
    return element("section", heading, *parts, id=anchor)


def _clock(offset: float) -> str:
    """Small differences are nobody's business but that of who looks for them; large ones are in words."""
    if abs(offset) < _WORTH_WORDS:
        return f"clock of the far side {offset:+.1f} s"
    return f"clock of the far side {span(abs(offset))} {'ahead' if offset > 0 else 'behind'}"


def _collector(collector: CollectorReport, now: float) -> Sequence[str]:
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
        _next(collector.next_sweep_timestamp_seconds, now),
        span(collector.last_sweep_duration_seconds),
        f"{collector.cache_entries:,}",
    )


def _left_out(collector: str, one: LeftOutReport, now: float) -> Sequence[str]:
    return collector, one.id, foreign(one.name), f"asked again {relative(one.until_timestamp_seconds, now)}"


def _used(name: str, used: int, allowed: int) -> Markup:
    meter = element("meter", value=f"{used}", max=f"{max(allowed, 1)}", aria_label=f"{name}: used calls")
    return joined(f"{used:,} of {allowed:,} ", meter)


def _budget(budget: BudgetReport) -> Sequence[str]:
    """The last line: what all interfaces share."""
    fewer = budget.calls < budget.configured_calls
    told = f"the far side allows fewer than the configured {budget.configured_calls:,}" if fewer else NOTHING
    used = _used(_BUDGET, budget.used_calls, budget.calls)
    return _BUDGET, used, span(budget.window_seconds), NOTHING, told


def _interface(interface: InterfaceReport, now: float) -> Sequence[str]:
    held = interface.held_until_timestamp_seconds
    return (
        interface.interface,
        _used(interface.interface, interface.quota_used_calls, interface.quota_calls),
        span(interface.quota_window_seconds),
        _next(interface.next_request_timestamp_seconds, now),
        NOTHING if held is None else joined(_when(held, now), element("br"), interface.hold_reason),
    )


def _pace(interface: InterfaceReport, now: float) -> Markup:
    """What the far side really allows."""
    seconds = interface.pace_seconds or 0.0
    return element(
        "p",
        element("strong", interface.interface),
        f": the far side allows a call in {span(seconds)}; documented or configured are "
        f"{span(seconds / interface.pace_ratio)}; learnt ",
        _when(interface.pace_learnt_timestamp_seconds, now),
    )


def _failures(failures: Sequence[FailureReport], now: float) -> list[Markup]:
    return [
        element(
            "div",
            element(
                "p",
                element("strong", failure.interface),
                f" {failure.reason} " if failure.fail_code is None else f" {failure.reason} ({failure.fail_code}) ",
                _when(failure.timestamp_seconds, now),
            ),
            element("p", foreign(failure.message)),
            element("p", failure.advice),
            class_="failure",
        )
        for failure in failures
    ]


def _when(at: float | None, now: float) -> str:
    """Write a moment by its distance, and the time itself beside it."""
    return NOTHING if at is None else joined(f"{relative(at, now)} ", element("small", moment(at)))


def _next(at: float | None, now: float) -> str:
    """The same for what is to come: a moment that has passed waits for its turn."""
    if at is None or at >= now:
        return _when(at, now)
    return joined("due ", element("small", f"{span(now - at)} behind"))
