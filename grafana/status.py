"""The states of accounts as numbers, for panels that show one row for each account."""

from grafana.queries import ACCOUNT, series
from grafana.states import ACCOUNT_STATE_NUMBERS


def account_states() -> str:
    """The present state of each account as the number that :func:`grafana.states.account_state_words` explains.

    Where replicas disagree it is the best, since one that works is enough.
    """
    parts = (
        f"""({series("fusionsolar_account_state", ACCOUNT, f'state="{state.value}"')} == 1) * {number}"""
        for state, number in ACCOUNT_STATE_NUMBERS.items()
    )
    return f"max by (account) ({' or '.join(parts)})"
