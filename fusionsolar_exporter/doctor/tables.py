"""The report as tables for people: on a terminal in colours, elsewhere as plain text."""

import io
import shutil
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fusionsolar_exporter.doctor.notes import notes
from fusionsolar_exporter.doctor.report import (
    AccountFindings,
    DeviceTypeFindings,
    DoctorReport,
    Host,
    InterfaceFindings,
    Outcome,
    Problem,
    SessionKind,
)
from fusionsolar_exporter.doctor.summaries import first_names, told_of
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.printable import printable
from fusionsolar_exporter.web.formatting import counted, moment, relative, span

_PLAIN_WIDTH = 100
_LEAST_WIDTH = 60
_OLD = 10.0  # seconds; what failed before that was not of this run
_HOSTS = {
    Host.NORTHBOUND: "the northbound interface answers",
    Host.WEB_PAGE: "this is a portal host: a web page answers, not the northbound interface",
    Host.SOMETHING_ELSE: "something answers that is not the northbound interface",
    Host.NOTHING: "no answer",
    Host.NOT_ASKED: "not asked in this run",
}
_KINDS = {
    "plant_list": "list of plants",
    "device_list": "list of devices",
    "plant_realtime": "plant data",
    "device_realtime": "device data",
    "alarms": "alarms",
    "plant_hourly": "plants by the hour",
    "plant_daily": "plants by the day",
    "plant_monthly": "plants by the month",
    "plant_yearly": "plants by the year",
    "device_daily": "devices by the day",
    "device_monthly": "devices by the month",
    "device_yearly": "devices by the year",
    "inverter_convergence": "inverters by serial number",
}
"""Of every collector."""
_GOOD, _BAD, _DOUBT, _FAINT = "green", "bold red", "yellow", "dim"


class _Buffer(io.StringIO):
    """Text for a stream of another encoding, which decides how lines are drawn."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a StringIO has none
        return self._encoding


def render_tables(report: DoctorReport, output: TextIO) -> str:
    """The text for a stream: as wide as its terminal, or plain."""
    terminal = output.isatty()
    width = max(shutil.get_terminal_size((_PLAIN_WIDTH, 0)).columns, _LEAST_WIDTH)
    buffer = _Buffer(getattr(output, "encoding", None) or "utf-8")
    console = Console(
        file=buffer, width=width, force_terminal=terminal, color_system="auto" if terminal else None, highlight=False
    )
    for account in report.accounts:
        _print_account(console, account, report.timestamp_seconds)
    console.print(Text(f"State: {printable(report.state)}", _FAINT))
    console.print(_verdict(report))
    lines = buffer.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _print_account(console: Console, account: AccountFindings, now: float) -> None:
    console.print(Text.assemble((printable(account.account), "bold"), f"  at {printable(account.host)}"))
    console.print()
    console.print(_facts(account, now))
    _print_section(console, "What the user may call", _interfaces(account.interfaces))
    if account.cadence:
        _print_section(console, "How often the exporter may ask, and what follows from that", _limits(account))
    if account.device_types:
        _print_section(console, "Devices by type", _types(account.device_types))
    noted = list(notes(account))
    if noted:
        _print_section(console, "To look at", _numbered(noted, "-"))
    if account.what_to_do:
        _print_section(console, "What to do", _numbered(account.what_to_do))
    console.print()


def _facts(account: AccountFindings, now: float) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=_FAINT)
    table.add_column(overflow="fold")
    colour = {Host.NORTHBOUND: _GOOD, Host.NOT_ASKED: _DOUBT}.get(account.answers, _BAD)
    table.add_row("  host", Text(_HOSTS[account.answers], colour))
    table.add_row("  login", _session(account, now))
    plants, alarms = account.plants, account.alarms
    if plants.listed:
        words = counted(plants.listed, "plant")
        if plants.selected < plants.listed:
            words += f" (the configuration takes {plants.selected:,})"
        devices = sum(each.devices for each in account.device_types)
        table.add_row("  known", f"{words}, {counted(devices, 'device')}, {counted(alarms.active, 'active alarm')}")
        if plants.not_selected:
            table.add_row("  not taken", Text(first_names(plants.not_selected)))
    if account.budget is not None:
        table.add_row("  day", Text(told_of(account.budget)))
    for remark in account.remarks:
        table.add_row("  note", Text(printable(remark), _DOUBT))
    return table


def _session(account: AccountFindings, now: float) -> Text:
    session = account.session
    if session.kind is SessionKind.NEW:
        return Text("succeeded just now", _GOOD)
    if session.kind is SessionKind.KEPT:
        return Text(f"not needed: the session of {span(session.age_seconds)} ago goes on", _GOOD)
    words = ["none"]
    if session.problem:
        before = session.problem.timestamp_seconds < now - _OLD
        words = [f"{relative(session.problem.timestamp_seconds, now)}: " if before else "", _failure(session.problem)]
    if session.next_login_timestamp_seconds is not None:
        at = session.next_login_timestamp_seconds
        words.append(f"; next login possible {relative(at, now)}, at {moment(at)}")
    return Text(printable("".join(words)), _BAD)


def _interfaces(interfaces: Sequence[InterfaceFindings]) -> Table:
    table = _table("data", "interface", "permitted", "what happened")
    for each in interfaces:
        happened = _failure(each.problem) if each.problem and each.outcome is not Outcome.NOT_ASKED else each.summary
        table.add_row(
            _KINDS[each.collector], Text(each.interface), _permitted(each.permitted), Text(printable(happened))
        )
    return table


def _permitted(permitted: bool | None) -> Text:
    if permitted is None:
        return Text("unknown", _DOUBT)
    return Text("yes", _GOOD) if permitted else Text("NO", _BAD)


def _limits(account: AccountFindings) -> Table:
    table = _table("data", "allowed calls", "apart", "used", "needed", "read every")
    for column in (3, 4):
        table.columns[column].justify = "right"
    interfaces = {each.interface: each for each in account.interfaces}
    for plan in account.cadence:
        limit = interfaces.get(plan.interface)
        table.add_row(
            _KINDS[plan.collector],
            f"{limit.quota_calls:,} in {span(limit.quota_window_seconds)}" if limit else "-",
            span(limit.spacing_seconds) if limit and limit.spacing_seconds else "-",
            f"{limit.quota_used_calls:,}" if limit else "-",
            f"{plan.calls:,}",
            span(plan.interval_seconds),
        )
    return table


def _types(types: Sequence[DeviceTypeFindings]) -> Group:
    """A row for each type that may have real-time data; the others in a line."""
    table = _table("id", "type", "devices", "asked", "with data", "remark")
    for column in (0, 2, 3, 4):
        table.columns[column].justify = "right"
    without = [each for each in types if each.documented and not each.real_time]
    for each in types:
        if each in without:
            continue
        silent = each.asked and not each.with_data and each.outcome is Outcome.ANSWERED
        words = [each.remark] if each.remark else []
        if each.problem:  # one of the whole interface stands in the table above
            of_type = each.problem.reason == Reason.REJECTED
            words.append(_failure(each.problem) if of_type else "no answer, see above")
        table.add_row(
            str(each.device_type_id),
            each.device_type,
            f"{each.devices:,}",
            f"{each.asked:,}" if each.asked else "-",
            Text(f"{each.with_data:,}" if each.asked else "-", _DOUBT if silent else ""),
            Text(printable("; ".join(words))),
        )
    listed = ", ".join(f"{each.device_type} ({each.devices:,})" for each in without)
    parts: list[RenderableType] = [table] if len(without) < len(types) else []
    if listed:
        parts.append(Text(f"without real-time data, as the reference says: {listed}", _FAINT))
    return Group(*parts)


def _failure(problem: Problem) -> str:
    return f"{problem.message}: {problem.meaning}" if problem.meaning else problem.message


def _verdict(report: DoctorReport) -> Text:
    if report.permitted:
        return Text("Everything that the configuration enables is permitted.", _GOOD)
    names = ", ".join(printable(account.account) for account in report.accounts if not account.permitted)
    return Text(f"Not everything that the configuration enables is known to be permitted: {names}", _BAD)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    for column in columns[:-1]:
        table.add_column(column, overflow="fold")
    table.add_column(columns[-1], overflow="fold", ratio=1)
    table.expand = True
    return table


def _numbered(lines: Iterable[str], mark: str = "") -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for number, line in enumerate(lines, start=1):
        table.add_row(mark or f"{number}.", Text(printable(line)))
    return table


def _print_section(console: Console, title: str, content: RenderableType) -> None:
    console.print()
    console.print(Text(title, "bold underline" if console.is_terminal else "bold"))
    console.print(Padding(content, (0, 0, 0, 2)))
