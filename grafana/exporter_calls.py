"""The exporter's requests: quotas, failures, durations."""

from grafana.panels import HALF, AnyPanel, Frame, lines
from grafana.queries import ACCOUNT, Query, each_replica, increase, series, total
from grafana.states import GREEN, RED
from grafana.tables import Column, rows

_USED = series("fusionsolar_api_quota_used_calls", ACCOUNT)
_ALLOWED = series("fusionsolar_api_quota_calls", ACCOUNT)
_PACE = series("fusionsolar_api_pace_ratio", ACCOUNT)
_SHARE = f"{_USED} / ({_ALLOWED} > 0)"
_BY_REASON = ("account", "interface", "reason")
_BY_CODE = ("account", "interface", "fail_code")
_CODES = f"fusionsolar_api_fail_codes_total{{{ACCOUNT}}}"
_OLD_CODES = f"increase({_CODES}[24h]) and {_CODES} offset 24h"
_NEW_CODES = f"({_CODES} unless {_CODES} offset 24h)"  # a series begins with its first code, which no increase shows
_DURATIONS = each_replica(
    f"increase(fusionsolar_api_request_duration_seconds_bucket{{{ACCOUNT}}}[$__rate_interval])",
    *("account", "interface", "le"),
)


def quotas() -> list[AnyPanel]:
    """Calls used against calls allowed, and learnt paces."""
    return [
        rows(
            Frame(
                "Quotas",
                "Calls within the window that ends now, against what the limits allow. Real-time data and alarms use "
                "all of it, lists about half; more than 100 % never happens.",
                (12, 9),
            ),
            Column("Account", label="account"),
            Column("Interface", label="interface", width=170),
            Column("Used", expr=_USED, unit="none", width=70),
            Column("Allowed", expr=_ALLOWED, unit="none", width=80),
            Column("Share", expr=_SHARE, unit="percentunit", decimals=0, bar=1, steps=((None, GREEN), (1.001, RED))),
            Column(
                "Window", expr=series("fusionsolar_api_quota_window_seconds", ACCOUNT), unit="s", decimals=0, width=90
            ),
            Column(
                "Next call in",
                expr=f"clamp_min({series('fusionsolar_api_next_request_timestamp_seconds', ACCOUNT)} - time(), 0)",
                unit="s",
                decimals=0,
            ),
        ),
        lines(
            Frame(
                "Use of quotas",
                "Calls used against allowed, of the account that uses most.",
                (6, 9),
                "percentunit",
                0,
                least=0,
                most=1,
            ),
            Query(f"max by (interface) ({_SHARE})", "{{interface}}"),
        ),
        lines(
            Frame(
                "Slower than documented",
                "How many times slower than its limits an interface is asked because the management system refused "
                "more; 1 is the documented pace.",
                (6, 9),
                "none",
                1,
                least=1,
            ),
            Query(f"max by (account, interface) ({_PACE}) > 1", "{{account}} {{interface}}"),
        ),
    ]


def failures() -> list[AnyPanel]:
    """Failures by reason and by code."""
    return [
        lines(
            Frame(
                "Failures by reason",
                "What went wrong with requests; docs/troubleshooting.md explains each reason.",
                (8, 8),
                "none",
                0,
                least=0,
                empty="none",
            ),
            Query(f"{increase('fusionsolar_api_failures_total', ('reason',), ACCOUNT)} > 0", "{{reason}}"),
            stacked=True,
            bars=True,
        ),
        rows(
            Frame("Failures in a day", "Requests that failed within the last 24 hours.", (8, 8)),
            Column("Account", label="account", width=90),
            Column("Interface", label="interface", width=160),
            Column("Reason", label="reason"),
            Column(
                "Failures",
                expr=f"{increase('fusionsolar_api_failures_total', _BY_REASON, ACCOUNT, over='24h')} > 0",
                decimals=0,
            ),
            sort="Failures",
            descending=True,
        ),
        rows(
            Frame("Codes in a day", "The failCodes of the management system's refusals.", (8, 8)),
            Column("Account", label="account", width=90),
            Column("Interface", label="interface", width=160),
            Column("failCode", label="fail_code"),
            Column(
                "Answers",
                expr=f"{total(each_replica(f'{_OLD_CODES} or {_NEW_CODES}', *_BY_CODE), *_BY_CODE)} > 0",
                decimals=0,
            ),
            sort="Answers",
            descending=True,
        ),
    ]


def requests() -> list[AnyPanel]:
    """What is asked, and how long answers take."""
    return [
        lines(
            Frame("Requests", "Requests sent, by interface.", HALF, "none", 0, least=0),
            Query(increase("fusionsolar_api_requests_total", ("interface",), ACCOUNT), "{{interface}}"),
            stacked=True,
            bars=True,
        ),
        lines(
            Frame("Duration of requests", "Nine of ten answers came within this time.", HALF, "s", least=0),
            Query(
                f"histogram_quantile(0.9, sum by (interface, le) ({_DURATIONS})) >= 0",
                "{{interface}}",
            ),
        ),
        lines(
            Frame(
                "Dropped and cut",
                "Items of answers that were not asked for or cannot be read; series that a limit of the configuration "
                "cuts.",
                (12, 7),
                "none",
                0,
                least=0,
            ),
            Query(
                increase("fusionsolar_api_dropped_items_total", ("interface",), ACCOUNT),
                "{{interface}} dropped",
            ),
            Query(series("fusionsolar_cut_series", ACCOUNT), "{{account}} {{limit}} cut"),
        ),
        lines(
            Frame(
                "Clock of the management system",
                "How far it is ahead of this machine's. Alarms are dated by it.",
                (12, 7),
                "s",
            ),
            Query(series("fusionsolar_api_clock_offset_seconds", ACCOUNT), "{{account}}"),
        ),
    ]
