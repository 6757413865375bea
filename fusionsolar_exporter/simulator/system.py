"""The simulated management system: takes a request, gives an answer, and forgives nothing."""

import math
from collections.abc import Callable, Mapping

from fusionsolar_exporter.simulator.alarm_list import alarm_list
from fusionsolar_exporter.simulator.answers import Reply, SimulatedAnswer, plain, refusal, success
from fusionsolar_exporter.simulator.calls import Call, Rules
from fusionsolar_exporter.simulator.convergence import convergence
from fusionsolar_exporter.simulator.device_list import device_list
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.history import device_history, five_minutes
from fusionsolar_exporter.simulator.interfaces import (
    DEVICE_REPORTS,
    PATH_PREFIX,
    PLANT_REPORTS,
    Holdings,
    Interface,
)
from fusionsolar_exporter.simulator.limit_shapes import DOCUMENTED, LimitShapes
from fusionsolar_exporter.simulator.log import SECRET_PARAMETERS, LoggedRequest, RequestLog
from fusionsolar_exporter.simulator.oauth.bearer import Carried, UnauthorizedError, carried, owner_of
from fusionsolar_exporter.simulator.oauth.endpoints import OAuthEndpoints
from fusionsolar_exporter.simulator.parameters import parse_body, text
from fusionsolar_exporter.simulator.plant_creation import create_plant
from fusionsolar_exporter.simulator.plant_lists import station_list, stations
from fusionsolar_exporter.simulator.quotas import Quotas
from fusionsolar_exporter.simulator.real_time import device_real_time, plant_real_time
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.reports.devices import device_report
from fusionsolar_exporter.simulator.reports.plants import plant_report
from fusionsolar_exporter.simulator.sessions import Sessions

_HANDLERS: Mapping[Interface, Callable[[Call], Reply]] = {
    Interface.STATIONS: stations,
    Interface.STATION_LIST: station_list,
    Interface.DEVICES: device_list,
    Interface.PLANT_REAL_TIME: plant_real_time,
    Interface.DEVICE_REAL_TIME: device_real_time,
    Interface.ALARMS: alarm_list,
    **dict.fromkeys(PLANT_REPORTS, plant_report),
    **dict.fromkeys(DEVICE_REPORTS, device_report),
    Interface.DEVICE_HISTORY: device_history,
    Interface.FIVE_MINUTES: five_minutes,
    Interface.CONVERGENCE: convergence,
    Interface.CREATE_PLANT: create_plant,
}
_LOGIN_HINT = "https://support.huawei.com/enterprise/en/doc/EDOC1100261860"


class SimulatedSystem:
    """The far side for the users of one fleet. Safe for threads; every user sees the whole fleet.

    ``now`` gives Unix seconds of the simulated world. Without ``limits`` nothing is refused with 407; with them every
    window, spacing, token and lock lasts ``limit_scale`` times as long as documented, or as ``shapes`` say.
    ``forbidden`` interfaces answer 401: the old plant list under quirks, where nothing else is said. ``missing`` ones
    are not there at all (HTTP 404), as on older or newer servers. ``oauth`` opens the fleet to Bearer tokens, too.
    """

    def __init__(
        self,
        fleet: SimulatedFleet,
        *,
        now: Callable[[], float],
        users: Mapping[str, str],
        rules: Rules | None = None,
        limits: bool = True,
        limit_scale: float = 1.0,
        shapes: LimitShapes = DOCUMENTED,
        forbidden: frozenset[Interface] | None = None,
        missing: frozenset[Interface] = frozenset(),
        oauth: OAuthEndpoints | None = None,
        log_size: int | None = 10_000,
    ) -> None:
        self.fleet = fleet
        self.rules = Rules() if rules is None else rules
        self.faults = Faults()
        self.log = RequestLog(log_size)
        self.sessions = Sessions(users, limit_scale)
        by_quirk = frozenset({Interface.STATION_LIST} if self.rules.quirks else ())
        self.forbidden = by_quirk if forbidden is None else forbidden
        self.missing = missing
        self.oauth = oauth
        self.now = now
        self._quotas = Quotas(limit_scale, shapes) if limits else None

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        """Answer a request; it arrives now."""
        if self.oauth is not None:
            answer = self.oauth.handle(method, path, headers, body, self.now(), self.faults)
            if answer is not None:
                return answer
        try:
            interface = Interface(path.partition("?")[0].removeprefix(PATH_PREFIX))
        except ValueError:
            return plain(404, f"no interface at {path}")
        if interface in self.missing:
            return plain(404, f"no interface at {path}")
        if method != "POST":
            return plain(405, "use POST", {"Allow": "POST"})
        with self.log.flight():
            parameters = parse_body(body)
            call = Call(interface, self.now(), parameters or {}, self.fleet, self.rules, self.faults)
            answer = self._answer(call, carried(headers), readable=parameters is not None)
            self._note(call, answer)
            return self.faults.deliver(interface, answer)

    def _answer(self, call: Call, brought: Carried, *, readable: bool) -> SimulatedAnswer:
        if self.faults.drops_session(call.interface):
            self.sessions.end_all()
            if self.oauth is not None:
                self.oauth.grants.end_access()
        instead = self.faults.instead(call.interface)
        try:
            call.user = self._user(call, brought)
            too_many = self._count(call)
            if instead is None and too_many is not None:
                return too_many
            if instead is None:
                return success(self._serve(call, readable=readable))
        except UnauthorizedError:
            if instead is None:
                return plain(401, "Unauthorized", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        except Refusal as refused:
            if instead is None:
                params = _shown(call) | call.echo()
                return refusal(refused.code, params, quirks=self.rules.quirks, status=refused.status)
        return instead

    def _user(self, call: Call, brought: Carried) -> str:
        """Return the user of the token; for the login the user that it names, if there is one."""
        if call.interface is Interface.LOGIN:
            name = text(call.parameters, "userName")
            return name if self.sessions.known(name) else ""
        if self.oauth is not None and brought.bearer is not None:
            call.owner = True
            return owner_of(brought, self.oauth.grants, call.at)
        token = brought.xsrf_token
        if call.interface is Interface.LOGOUT:
            token = text(call.parameters, "xsrfToken") or token
        return self.sessions.user_of(token, call.at)

    def change_limits(self, shapes: LimitShapes) -> None:
        """Let other limits hold from now on; what was called stays counted."""
        if self._quotas is not None:
            self._quotas.shapes = shapes

    def allowed_rate(self, interface: Interface) -> float:
        """Return the calls a second that one user may make in the long run, as limits and fleet are now."""
        return math.inf if self._quotas is None else self._quotas.rate(interface, self.now(), self._holdings())

    def _count(self, call: Call) -> SimulatedAnswer | None:
        """Count a call against the limits, whatever its answer will be; the answer to one that is above them."""
        if self._quotas is None:
            return None
        more = (self.oauth.grants.rules.budget,) if self.oauth is not None and call.owner else ()
        refusing = self._quotas.admit(call.user, call.interface, call.at, self._holdings(), more)
        if refusing is None:
            return None
        self.log.over_limit(call.interface)
        return refusing.refuse(call.interface, _shown(call) | call.echo(), quirks=self.rules.quirks)

    def _holdings(self) -> Holdings:
        with self.fleet.lock:
            return Holdings(len(self.fleet.plants), self.fleet.device_counts)

    def _serve(self, call: Call, *, readable: bool) -> Reply:
        if not readable:
            raise Refusal(FailCode.PARAMETER_INCORRECT, status=400)
        if call.interface in self.forbidden or (call.owner and call.interface is Interface.LOGOUT):
            raise Refusal(FailCode.NOT_PERMITTED)
        if self.oauth is not None and call.owner and self.oauth.grants.withdrawn(call.user):
            raise Refusal(FailCode.NOT_AUTHORISED)
        if call.interface is Interface.LOGIN:
            return self._login(call)
        if call.interface is Interface.LOGOUT:
            self.sessions.end(call.user)
            return Reply(params=call.echo())
        with self.fleet.lock:
            reply = _HANDLERS[call.interface](call)
        self.faults.change_data(call.interface, reply)
        return reply

    def _login(self, call: Call) -> Reply:
        name = text(call.parameters, "userName")
        if not name:
            raise Refusal(FailCode.ACCOUNT_EMPTY)
        token = self.sessions.login(name, text(call.parameters, "systemCode"), call.at)
        cookie = f"XSRF-TOKEN={token}; Path=/; Secure"
        message = _LOGIN_HINT if self.rules.quirks else None
        return Reply(message=message, headers={"xsrf-token": token, "Set-Cookie": cookie})

    def _note(self, call: Call, answer: SimulatedAnswer) -> None:
        self.log.add(
            LoggedRequest(
                at=call.at,
                interface=call.interface,
                user=call.user,
                ids=call.ids,
                parameters=_shown(call),
                status=answer.status,
                fail_code=answer.fail_code,
            )
        )


def _shown(call: Call) -> dict[str, object]:
    """Return the parameters that may be shown: no password, no token."""
    return {name: value for name, value in call.parameters.items() if name not in SECRET_PARAMETERS}
