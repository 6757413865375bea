"""Codes as words and colours, from the exporter's own tables (Table 9-1 of the reference for inverters)."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMappingResult

from fusionsolar_exporter.metrics.codes import DESCRIPTIONS, CodeTable
from fusionsolar_exporter.northbound.model import Severity
from fusionsolar_exporter.status import AccountState

GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
GREY, BLUE, PURPLE = "#6e7079", "blue", "purple"

_COLOURS: Mapping[CodeTable, Mapping[str, str]] = {
    CodeTable.HEALTH_STATE: {"healthy": GREEN, "faulty": RED, "disconnected": PURPLE},
    CodeTable.BATTERY_STATUS: {
        "running": GREEN,
        "standby": BLUE,
        "hibernating": GREY,
        "faulty": RED,
        "offline": PURPLE,
    },
    CodeTable.INVERTER_STATE: {
        "Grid-connected:": YELLOW,
        "Grid-connected": GREEN,
        "Shutdown: communication": PURPLE,
        "Communication": PURPLE,
        "Shutdown": RED,
        "Off-grid": ORANGE,
        "Standby": GREY,
    },
}
"""By the first words of a description, the first that fits; what is not here is blue."""
_QUIET_SHUTDOWNS = frozenset({"776"})  # input underpower, as at every dusk
STOPPED = "|".join(
    code
    for code, text in DESCRIPTIONS[CodeTable.INVERTER_STATE].items()
    if text.startswith(("Shutdown", "Communication interrupted")) and code not in _QUIET_SHUTDOWNS
)
"""Codes of inverters that should run and do not, as a regular expression."""

_KIND_OF_WORDS: Mapping[str, str] = {
    "Grid-connected:": "limited",
    "Grid-connected": "producing",
    "Grid scheduling": "producing",
    "Power grid scheduling": "producing",
    "Standby": "standby or starting",
    "Start": "standby or starting",
    "Shutdown: communication": "not reached",
    "Communication": "not reached",
    "Shutdown": "shut down",
}
"""By the first words of a description, the first that fits; what is not here is a check or another rare state."""
KIND_COLOURS: Mapping[str, str] = {
    "producing": GREEN,
    "limited": YELLOW,
    "standby or starting": GREY,
    "shut down": RED,
    "not reached": PURPLE,
    "checks and others": BLUE,
}


def inverter_kinds() -> Mapping[str, list[int]]:
    """Codes of inverters by kind of state, few enough for a picture."""
    kinds: dict[str, list[int]] = {kind: [] for kind in KIND_COLOURS}
    for code, text in DESCRIPTIONS[CodeTable.INVERTER_STATE].items():
        known = (kind for start, kind in _KIND_OF_WORDS.items() if text.startswith(start))
        kinds[next(known, "checks and others")].append(int(code))
    return kinds


SEVERITY_COLOURS = {
    Severity.CRITICAL: RED,
    Severity.MAJOR: ORANGE,
    Severity.MINOR: YELLOW,
    Severity.WARNING: BLUE,
    Severity.UNKNOWN: GREY,
}
SEVERITY_NUMBERS = {severity: number for number, severity in enumerate(reversed(SEVERITY_COLOURS), 1)}
"""The gravest is the highest."""
ACCOUNT_STATE_NUMBERS = {state: number for number, state in enumerate(AccountState)}
_ACCOUNT_STATE_COLOURS = {
    AccountState.OK: GREEN,
    AccountState.STARTING: BLUE,
    AccountState.PAUSED: YELLOW,
    AccountState.CONTENDED: ORANGE,
}


def words(texts: Mapping[str, tuple[str, str]]) -> list[ValueMap]:
    """Value mappings from values to words and colours."""
    results = {
        value: ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(texts.items())
    }
    return [ValueMap(options=results)]


def colour_of(table: CodeTable, description: str) -> str:
    """The colour of a state."""
    colours = _COLOURS.get(table, {})
    return next((colour for start, colour in colours.items() if description.startswith(start)), BLUE)


def code_words(table: CodeTable) -> list[ValueMap]:
    """Value mappings of a table of codes."""
    return words({code: (text, colour_of(table, text)) for code, text in DESCRIPTIONS[table].items()})


def severity_words() -> list[ValueMap]:
    """Value mappings of severities, as numbers in timelines and as words in tables."""
    numbers = {str(number): severity for severity, number in SEVERITY_NUMBERS.items()}
    named = {severity.value: severity for severity in SEVERITY_COLOURS}
    return words({value: (severity.value, SEVERITY_COLOURS[severity]) for value, severity in (numbers | named).items()})


def account_state_words() -> list[ValueMap]:
    """Value mappings of the states of accounts."""
    return words(
        {
            str(number): (state.value, _ACCOUNT_STATE_COLOURS.get(state, RED))
            for state, number in ACCOUNT_STATE_NUMBERS.items()
        }
    )


YES_NO = words({"1": ("yes", GREEN), "0": ("no", RED)})
ONLINE = words({"1": ("online", GREEN), "0": ("offline", PURPLE)})
