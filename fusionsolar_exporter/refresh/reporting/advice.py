"""What to do about a failure, in one sentence for the person who runs the exporter."""

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import fail_code_row

_BY_REASON = {
    Reason.RATE_LIMITED: "nothing, if it is rare: the gateway before the server counts other users' calls too",
    Reason.NOT_LOGGED_IN: "nothing, if it is rare: the exporter logs in again; else another program uses the user",
    Reason.TIMEOUT: "check network and proxy; raise timeout where the far side is slow",
    Reason.CONNECTION: "check url, network and proxy",
    Reason.TLS: "check the certificate of the far side, or set tls.ca_file",
    Reason.BAD_RESPONSE: "nothing, if it is rare: old data stays until its time to live ends",
}
"""What to do where no failCode tells more."""

_HTML = (
    "a web page answered: url must be an API host (eu5, intl, sg5, la5, au5 or jp5 .fusionsolar.huawei.com, or your "
    "own system), not the portal that a browser shows"
)


def advice_for(error: NorthboundError) -> str:
    """One sentence on what to do."""
    if error.html:
        return _HTML
    return fail_code_row(error.fail_code).advice if error.fail_code else _BY_REASON[error.reason]
