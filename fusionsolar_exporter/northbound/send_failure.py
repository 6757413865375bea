"""What it means that no whole answer came: the error of a library in the words of the interface."""

import http.client
import ssl

import requests
import urllib3

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason

_TLS_RECORDS = frozenset({"\x15\x03", "\x16\x03"})
"""Beginnings of what a server says that waits for TLS and hears HTTP."""
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls an answer that is no TLS."""
_NO_TLS_SPOKEN = "the port does not speak it: write http:// in url, or the port of https"
# of the account's url nothing is left to complain of: it was checked when the configuration was read
_UNUSABLE_PROXY = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_PROXY = "the proxy cannot be used that the environment names: see HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"


def timed_out(path: str, seconds: float, *, sent: bool = True) -> NorthboundError:
    """No whole answer came in time."""
    return NorthboundError(Reason.TIMEOUT, path, f"no whole answer within {seconds:g} s", sent=sent)


def closed(path: str, *, sent: bool = True) -> NorthboundError:
    """The far side hung up."""
    return NorthboundError(Reason.CONNECTION, path, "the connection was closed before an answer came", sent=sent)


def failure_of(error: Exception, path: str, *, begun: bool, waited: float | None) -> NorthboundError:
    """What an error says; ``begun`` where something may have been sent, ``waited`` seconds where that was too long."""
    causes = _causes(error)

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    sent = begun and not caused_by(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if waited is not None:
        return timed_out(path, waited, sent=sent)
    if caused_by(ssl.SSLError, urllib3.exceptions.SSLError, requests.exceptions.SSLError):
        no_tls = any(isinstance(one, ssl.SSLError) and one.reason in _NO_TLS for one in causes)
        told = _NO_TLS_SPOKEN if no_tls else _words(causes)
        return NorthboundError(Reason.TLS, path, f"TLS: {told}", speaks_no_tls=no_tls, sent=sent)
    if caused_by(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return closed(path, sent=sent)
    if caused_by(http.client.IncompleteRead, urllib3.exceptions.IncompleteRead):
        return NorthboundError(Reason.BAD_RESPONSE, path, "an answer that was cut short")
    if _is_no_http(error) or caused_by(http.client.HTTPException, urllib3.exceptions.DecodeError):
        return _no_http(error, path, causes, sent=sent)
    return NorthboundError(Reason.CONNECTION, path, f"no connection: {_words(causes)}", sent=sent)


def _is_no_http(error: Exception) -> bool:
    if isinstance(error, requests.exceptions.RequestException):
        return not isinstance(error, requests.exceptions.ConnectionError)
    return isinstance(error, ValueError)


def _no_http(error: Exception, path: str, causes: list[BaseException], *, sent: bool) -> NorthboundError:
    if isinstance(error, _UNUSABLE_PROXY):
        return NorthboundError(Reason.CONNECTION, path, _PROXY, sent=False)
    what = "an answer that is not HTTP" if sent else "a request that cannot be sent"
    greeting = next((str(one.args[0]) for one in causes if isinstance(one, http.client.BadStatusLine)), "")
    speaks_tls = greeting[:2] in _TLS_RECORDS
    why = "the port speaks TLS: write https:// in url" if speaks_tls else type(error).__name__
    return NorthboundError(Reason.BAD_RESPONSE, path, f"{what}: {why}", sent=sent)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps: requests, urllib3 and http.client each put a layer around the next."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            todo += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return found


def _words(causes: list[BaseException]) -> str:
    """The words of the innermost cause, without addresses of objects."""
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if type(cause) is OSError:  # of a proxy's refusal, and of certificate files
            return str(cause)
    return type(causes[0]).__name__
