"""What stands before the application: who asks, how often, and the headers that every answer has."""

import hmac
import logging
from collections.abc import Callable
from http import HTTPStatus

from fusionsolar_exporter.web.asgi import AsgiApplication, Event, Receive, Scope, Send
from fusionsolar_exporter.web.messages import MISTAKE, Request, Response, plain
from fusionsolar_exporter.web.security.passwords import CrowdedError, Passwords
from fusionsolar_exporter.web.security.token_bucket import TokenBucket
from fusionsolar_exporter.web.security.web_security import SecurityRules, WebSecurity, health_token

HEALTH_HEADER = "x-fusionsolar-healthcheck"
HEALTH_PATH = "/-/healthy"
_CHALLENGE = ("www-authenticate", 'Basic realm="fusionsolar-exporter", charset="UTF-8"')

log = logging.getLogger(__name__)


class Gate:
    """An ASGI application around another."""

    def __init__(
        self, app: AsgiApplication, security: WebSecurity, now: Callable[[], float], passwords: Passwords | None = None
    ) -> None:
        self._app = app
        self._security = security
        self._bucket = TokenBucket(now)
        self._passwords = passwords or Passwords()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        rules = self._security.rules
        sending = _with_headers(send, rules)
        try:
            refusal = await self._refusal(rules, scope)
        except Exception:
            log.exception("letting a client in failed", extra={"path": scope["path"]})
            refusal = plain(HTTPStatus.INTERNAL_SERVER_ERROR, MISTAKE)
        if refusal is None:
            await self._app(scope, receive, sending)
        else:
            await refusal.send(sending, with_body=scope["method"] != "HEAD")

    async def _refusal(self, rules: SecurityRules, scope: Scope) -> Response | None:
        limit = rules.config.rate_limit
        if not self._bucket.take(limit.interval, limit.burst):
            return plain(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        if not rules.config.users:
            return None
        try:
            known = await self._is_known(rules, Request.of(scope))
        except CrowdedError:
            told = "too many passwords are being compared: try again in a moment"
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, told, headers=(("retry-after", "1"),))
        told = "user name and password are needed"
        return None if known else plain(HTTPStatus.UNAUTHORIZED, told, headers=(_CHALLENGE,))

    async def _is_known(self, rules: SecurityRules, request: Request) -> bool:
        token = request.header(HEALTH_HEADER)
        if token and request.path == HEALTH_PATH:
            return hmac.compare_digest(token.encode(), health_token(rules.config).encode())
        return await self._passwords.allow(rules.config.users, request.header("authorization"))


def _with_headers(send: Send, rules: SecurityRules) -> Send:
    """Add the configured headers to the answer, but for those that it has already."""
    headers = rules.config.http_server_config.headers
    if not headers:
        return send

    async def sending(event: Event) -> None:
        if event["type"] == "http.response.start":
            present = {name for name, _ in event["headers"]}
            added = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
            event = {**event, "headers": [*event["headers"], *(each for each in added if each[0] not in present)]}
        await send(event)

    return sending
