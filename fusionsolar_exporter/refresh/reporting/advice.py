"""What to do about a failure, in one sentence for the person who runs the exporter."""

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import fail_code_row
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.oauth import INVALID_CLIENT, INVALID_GRANT, TokenError

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

_CONSENT_HTML = "a web page answered: check oauth.token_url, and whether a proxy stands in between"
_CONSENT_REFUSED = "compare client_id, redirect_uri and scope with what is registered for the client"
_NO_CONSENT_HOST = (
    "check network and proxy; where the name of the token address cannot be looked up, as on some hosting platforms, "
    "use another resolver, or set oauth.token_url"
)
_BY_OAUTH_ERROR = {
    INVALID_GRANT: "run `fusionsolar-exporter authorize` with the account's name, and let the owner agree again",
    INVALID_CLIENT: "check client_id and client_secret; where they are right, another region's cluster has answered, "
    "which does not know the client: set oauth.token_url to the right region's address",
}


def advice_for(error: NorthboundError) -> str:
    """One sentence on what to do."""
    if error.html:
        return _HTML if error.interface != Interface.TOKEN else _CONSENT_HTML
    if error.speaks_no_tls:
        return "correct the scheme or the port in url"
    if isinstance(error, TokenError):
        return _BY_OAUTH_ERROR.get(error.error, _CONSENT_REFUSED)
    if error.interface == Interface.TOKEN and error.reason is Reason.CONNECTION:
        return _NO_CONSENT_HOST
    return fail_code_row(error.fail_code).advice if error.fail_code else _BY_REASON[error.reason]
