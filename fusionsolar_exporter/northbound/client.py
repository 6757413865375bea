"""One method an interface, typed answers: the wire format and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fusionsolar_exporter.northbound import answers
from fusionsolar_exporter.northbound.answers import Items, Page
from fusionsolar_exporter.northbound.auth import NOBODY, session_auth
from fusionsolar_exporter.northbound.envelope import Envelope, open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Interface
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading
from fusionsolar_exporter.northbound.oauth import Tokens, read_tokens
from fusionsolar_exporter.northbound.transport import Transport

T = TypeVar("T")

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A typed answer with failCode 0."""

    content: T
    far_time: float | None
    """The far side's clock in Unix seconds, where the answer tells it."""


class Client:
    """The interfaces of reference section 9 that this exporter uses; every method may raise NorthboundError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def login(self, username: str, password: str) -> Answer[str]:
        """Start a session (9.1.1); the answer is its token."""
        payload = {"userName": username, "systemCode": password}
        raw = self._transport.post(INTERFACES[Interface.LOGIN].path, payload, NOBODY)
        envelope = open_envelope(raw, Interface.LOGIN)
        if not raw.token:
            raise NorthboundError(Reason.BAD_RESPONSE, Interface.LOGIN, "an answer without an XSRF-TOKEN")
        return Answer(raw.token, envelope.far_time)

    def logout(self, token: str) -> None:
        """End the session at once (9.1.2)."""
        self._ask(Interface.LOGOUT, {"xsrfToken": token}, token)

    def tokens(self, url: str, form: Mapping[str, str]) -> Answer[Tokens]:
        """Exchange a code or a refresh token for tokens (OAuth Connect)."""
        return Answer(read_tokens(self._transport.post_form(url, Interface.TOKEN, form)), None)

    def stations(self, token: str, page: int) -> Answer[Page[Plant]]:
        """A page of 100 plants (9.1.3), from page 1."""
        envelope = self._ask(Interface.STATIONS, {"pageNo": page}, token)
        return Answer(answers.plants(envelope.data, megawatts=False), envelope.far_time)

    def station_list(self, token: str, page: int | None) -> Answer[Page[Plant]]:
        """A page of 100 plants of the old list (9.4.2), or the whole list where ``page`` is None."""
        payload = {} if page is None else {"pageNo": page, "pageSize": PAGE_SIZE}
        envelope = self._ask(Interface.GET_STATION_LIST, payload, token)
        return Answer(answers.plants(envelope.data, megawatts=True), envelope.far_time)

    def device_list(self, token: str, plant_codes: Sequence[str]) -> Answer[Items[Device]]:
        """The devices of up to 100 plants (9.1.5)."""
        envelope = self._ask(Interface.GET_DEV_LIST, {"stationCodes": ",".join(plant_codes)}, token)
        found = answers.devices(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.plant_code), envelope.far_time)

    def plant_readings(self, token: str, plant_codes: Sequence[str]) -> Answer[Items[Reading]]:
        """Real-time values of up to 100 plants (9.1.4.1)."""
        envelope = self._ask(Interface.GET_STATION_REAL_KPI, {"stationCodes": ",".join(plant_codes)}, token)
        found = answers.plant_readings(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.id), envelope.far_time)

    def device_readings(
        self, token: str, type_id: int, device_ids: Sequence[str], *, type_as_text: bool
    ) -> Answer[Items[Reading]]:
        """Real-time values of up to 100 devices of one type (9.1.6.1); servers differ in how they want the type."""
        payload = {"devIds": ",".join(device_ids), "devTypeId": str(type_id) if type_as_text else type_id}
        envelope = self._ask(Interface.GET_DEV_REAL_KPI, payload, token)
        found = answers.device_readings(envelope.data)
        return Answer(answers.only_asked(found, device_ids, lambda item: item.id), envelope.far_time)

    def alarms(
        self,
        token: str,
        plant_codes: Sequence[str],
        *,
        begin: float,
        end: float,
        language: str,
        levels: Sequence[int],
    ) -> Answer[Items[Alarm]]:
        """Active alarms of up to 100 plants (9.1.7), raised between ``begin`` and ``end`` (Unix seconds)."""
        payload = {
            "stationCodes": ",".join(plant_codes),
            "beginTime": int(begin * 1e3),
            "endTime": int(end * 1e3),
            "language": language,
            "levels": ",".join(map(str, levels)),
        }
        envelope = self._ask(Interface.GET_ALARM_LIST, payload, token)
        found = answers.alarms(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.plant_code), envelope.far_time)

    def _ask(self, interface: Interface, payload: Mapping[str, Any], token: str) -> Envelope:
        return open_envelope(self._transport.post(INTERFACES[interface].path, payload, session_auth(token)), interface)
