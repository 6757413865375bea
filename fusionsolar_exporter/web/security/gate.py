"""What stands before the application: who asks, how often, and the headers that every answer has."""

import hmac
from collections.abc import Callable
from http import HTTPStatus

from fusionsolar_exporter.web.asgi import AsgiApplication, Event, Receive, Scope, Send
from fusionsolar_exporter.web.messages import Request, Response, plain
from fusionsolar_exporter.web.security.passwords import Passwords
from fusionsolar_exporter.web.security.token_bucket import TokenBucket
from fusionsolar_exporter.web.security.web_security import SecurityRules, WebSecurity, health_token

HEALTH_HEADER = "x-fusionsolar-healthcheck"
HEALTH_PATH = "/-/healthy"
_CHALLENGE = ("www-authenticate", 'Basic realm="fusionsolar-exporter", charset="UTF-8"')


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
        limit = rules.config.rate_limit
        sending = _with_headers(send, rules)
        if not self._bucket.take(limit.interval, limit.burst):
            await self._refuse(scope, plain(HTTPStatus.TOO_MANY_REQUESTS, "too many requests"), sending)
        elif rules.config.users and not await self._is_known(rules, Request.of(scope)):
            told = plain(HTTPStatus.UNAUTHORIZED, "user name and password are needed", headers=(_CHALLENGE,))
            await self._refuse(scope, told, sending)
        else:
            await self._app(scope, receive, sending)

    async def _is_known(self, rules: SecurityRules, request: Request) -> bool:
        token = request.header(HEALTH_HEADER)
        if token and request.path == HEALTH_PATH:
            return hmac.compare_digest(token.encode(), health_token(rules.config).encode())
        return await self._passwords.allow(rules.config.users, request.header("authorization"))

    @staticmethod
    async def _refuse(scope: Scope, response: Response, send: Send) -> None:
        await response.send(send, with_body=scope["method"] != "HEAD")


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
