"""The exporter itself: is what the other dashboards show fresh, and does it keep to the limits."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana import links
from grafana.exporter_calls import failures, quotas, requests
from grafana.exporter_freshness import INTERVALS_LATE, LATE, freshness
from grafana.frame import dashboard
from grafana.panels import TILE, AnyPanel, Frame, lines, number, timeline
from grafana.queries import ACCOUNT, Query, each_replica, increase, none_is_zero, series
from grafana.states import GREEN, RED, YELLOW, account_state_words, words
from grafana.status import account_states
from grafana.tables import Column, rows
from grafana.variables import account

_BUILD = each_replica("fusionsolar_exporter_build_info", "job", "version", "python_version")
_PROCESSOR = each_replica("rate(process_cpu_seconds_total[$__rate_interval])", "job")
_RUNNING = f"on (instance, job) group_left () ({_BUILD} > 0)"


def _numbers() -> list[AnyPanel]:
    return [
        number(
            Frame("Accounts", "State of each account.", (9, 4), "none", mappings=account_state_words()),
            Query(account_states(), "{{account}}"),
            names=True,
        ),
        number(
            Frame(
                "Latest collector",
                "The longest time since a complete sweep, in intervals. Over 3, values expire.",
                TILE,
                "none",
                1,
                steps=LATE,
            ),
            Query(f"max({INTERVALS_LATE})"),
        ),
        number(
            Frame(
                "Fullest quota",
                "The largest share of an interface's quota that is used within its window.",
                TILE,
                "percentunit",
                0,
                least=0,
                most=1,
                steps=((None, GREEN), (1.001, RED)),
            ),
            Query(
                f"max({series('fusionsolar_api_quota_used_calls', ACCOUNT)} / "
                f"({series('fusionsolar_api_quota_calls', ACCOUNT)} > 0))"
            ),
        ),
        number(
            Frame(
                "Failures in an hour",
                "Requests that failed within the last hour, whatever the reason.",
                TILE,
                "none",
                0,
                steps=((None, GREEN), (1, YELLOW), (10, RED)),
            ),
            Query(none_is_zero(increase("fusionsolar_api_failures_total", (), ACCOUNT, over="1h"))),
        ),
        number(
            Frame(
                "Configuration",
                "Whether every replica took the last change of its configuration.",
                TILE,
                "none",
                mappings=words({"1": ("in force", GREEN), "0": ("refused", RED)}),
            ),
            Query("min(fusionsolar_config_last_reload_successful)"),
        ),
        number(
            Frame(
                "State",
                "Whether every replica keeps its state; one that does not asks everything anew after a restart.",
                TILE,
                "none",
                mappings=words({"1": ("kept", GREEN), "0": ("not kept", RED)}),
            ),
            Query("min(fusionsolar_state_up)"),
        ),
    ]


def _process() -> list[AnyPanel]:
    return [
        lines(
            Frame("Memory", "Resident memory of each replica.", (8, 7), "bytes", least=0),
            Query(f"{each_replica('process_resident_memory_bytes', 'job')} * {_RUNNING}", "{{instance}}"),
        ),
        lines(
            Frame("Processor", "Share of one core that each replica takes.", (8, 7), "percentunit", least=0),
            Query(
                f"{each_replica('rate(process_cpu_seconds_total[$__rate_interval])', 'job')} * {_RUNNING}",
                "{{instance}}",
            ),
        ),
        rows(
            Frame("Replicas", "What is scraped, and its version.", (8, 7)),
            Column("Instance", label="instance"),
            Column("Version", label="version"),
            Column("Python", label="python_version"),
            Column(
                "Running for",
                expr="max by (instance, version, python_version) ("
                f"(time() - {each_replica('process_start_time_seconds', 'job')}) * "
                f"{_RUNNING.replace('()', '(version, python_version)')})",
                unit="s",
                decimals=0,
            ),
        ),
    ]


def health_board() -> Dashboard:
    """The dashboard of the exporter's health."""
    states = timeline(
        Frame(
            "States of accounts", "What an account is busy with, over time.", (24, 5), mappings=account_state_words()
        ),
        Query(account_states(), "{{account}}"),
    )
    return dashboard(
        links.HEALTH,
        "FusionSolar / Exporter health",
        "Freshness of the data, quotas used against allowed, failures by reason, cadence.",
        (account(many=True),),
        (
            ("", [*_numbers(), states]),
            ("Freshness and cadence", freshness()),
            ("Quotas", quotas()),
            ("Failures", failures()),
            ("Requests", requests()),
            ("Processes", _process()),
        ),
    )
