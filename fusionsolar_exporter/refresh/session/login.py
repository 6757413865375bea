"""Logging in and out: the two requests that are about the session itself."""

from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.request import Requester
from fusionsolar_exporter.refresh.session.session import Session


def log_in(session: Session, requester: Requester) -> NorthboundError | None:
    """Log in now, where credentials can be read; what the far side says against it."""
    credentials = session.credentials()
    if credentials is None:
        return None

    def send(client: Client) -> Answer[str]:
        return client.login(credentials.username, credentials.password)

    try:
        answer = requester.ask(Interface.LOGIN, send, starts=session.starts)
    except NorthboundError as error:
        session.failed(error, credentials)
        return error
    session.began(answer.content, answer.started)
    return None


def log_out(session: Session, requester: Requester, limiter: RateLimiter, *, clock: Clock, until: float) -> None:
    """End the session, where there is one and the limits allow it before a moment."""
    token = session.token(clock.now())
    at = max(limiter.earliest(Interface.LOGOUT), limiter.next_gap)
    if token is None or at > until:
        return
    while (now := clock.now()) < at:
        clock.pause(at - now)

    def send(client: Client) -> Answer[None]:
        client.logout(token)
        return Answer(None, None)

    try:
        requester.ask(Interface.LOGOUT, send, starts=lambda _: None)
    except NorthboundError:
        return  # reported; the session ends by itself
