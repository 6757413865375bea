"""One method an interface, typed answers: the wire format and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fusionsolar_exporter.northbound import answers, convergence, periodic
from fusionsolar_exporter.northbound.answers import Items, Page
from fusionsolar_exporter.northbound.auth import NOBODY, Auth
from fusionsolar_exporter.northbound.envelope import Envelope, open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Interface
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
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

    def __init__(self, transport: Transport, auth: Auth = NOBODY) -> None:
        self._transport = transport
        self._auth = auth

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
        self._ask(Interface.LOGOUT, {"xsrfToken": token})

    def tokens(self, url: str, form: Mapping[str, str]) -> Answer[Tokens]:
        """Exchange a code or a refresh token for tokens (OAuth Connect)."""
        return Answer(read_tokens(self._transport.post_form(url, Interface.TOKEN, form)), None)

    def stations(self, page: int) -> Answer[Page[Plant]]:
        """A page of 100 plants (9.1.3), from page 1."""
        envelope = self._ask(Interface.STATIONS, {"pageNo": page})
        return Answer(answers.plants(envelope.data, megawatts=False), envelope.far_time)

    def station_list(self, page: int | None) -> Answer[Page[Plant]]:
        """A page of 100 plants of the old list (9.4.2), or the whole list where ``page`` is None."""
        payload = {} if page is None else {"pageNo": page, "pageSize": PAGE_SIZE}
        envelope = self._ask(Interface.GET_STATION_LIST, payload)
        return Answer(answers.plants(envelope.data, megawatts=True), envelope.far_time)

    def device_list(self, plant_codes: Sequence[str]) -> Answer[Items[Device]]:
        """The devices of up to 100 plants (9.1.5)."""
        envelope = self._ask(Interface.GET_DEV_LIST, {"stationCodes": ",".join(plant_codes)})
        found = answers.devices(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.plant_code), envelope.far_time)

    def plant_readings(self, plant_codes: Sequence[str]) -> Answer[Items[Reading]]:
        """Real-time values of up to 100 plants (9.1.4.1)."""
        envelope = self._ask(Interface.GET_STATION_REAL_KPI, {"stationCodes": ",".join(plant_codes)})
        found = answers.plant_readings(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.id), envelope.far_time)

    def device_readings(self, type_id: int, device_ids: Sequence[str], *, type_as_text: bool) -> Answer[Items[Reading]]:
        """Real-time values of up to 100 devices of one type (9.1.6.1); servers differ in how they want the type."""
        payload = {"devIds": ",".join(device_ids), "devTypeId": str(type_id) if type_as_text else type_id}
        envelope = self._ask(Interface.GET_DEV_REAL_KPI, payload)
        found = answers.device_readings(envelope.data)
        return Answer(answers.only_asked(found, device_ids, lambda item: item.id), envelope.far_time)

    def alarms(
        self,
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
        envelope = self._ask(Interface.GET_ALARM_LIST, payload)
        found = answers.alarms(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.plant_code), envelope.far_time)

    def plant_report(self, interface: Interface, plant_codes: Sequence[str], at: float) -> Answer[Items[DatedReading]]:
        """Hours, days, months or years of up to 100 plants (9.1.4.2 to 9.1.4.5), around Unix seconds ``at``."""
        payload = {"stationCodes": ",".join(plant_codes), "collectTime": int(at * 1e3)}
        envelope = self._ask(interface, payload)
        found = periodic.plant_rows(envelope.data)
        return Answer(answers.only_asked(found, plant_codes, lambda item: item.id), envelope.far_time)

    def device_report(
        self, interface: Interface, type_id: int, device_ids: Sequence[str], at: float
    ) -> Answer[Items[DatedReading]]:
        """The same of up to 100 devices of one type (9.1.6.3 to 9.1.6.5), and five minutes of a day (9.4.1)."""
        payload = {"devIds": ",".join(device_ids), "devTypeId": type_id, "collectTime": int(at * 1e3)}
        return self._device_rows(interface, payload, device_ids)

    def device_history(
        self, type_id: int, device_ids: Sequence[str], *, begin: float, end: float
    ) -> Answer[Items[DatedReading]]:
        """Every five minutes of up to 10 devices of one type over at most three days (9.1.6.2), in Unix seconds."""
        payload = {
            "devIds": ",".join(device_ids),
            "devTypeId": type_id,
            "startTime": int(begin * 1e3),
            "endTime": int(end * 1e3),
        }
        return self._device_rows(Interface.GET_DEV_HISTORY_KPI, payload, device_ids)

    def convergence(self, serial_numbers: Sequence[str]) -> Answer[Items[Reading]]:
        """Values of up to 100 inverters by serial number (9.3.1), with the keys of real-time data."""
        envelope = self._ask(Interface.GET_INVENTER_REAL_KPI, {"sns": ",".join(serial_numbers)})
        found = convergence.readings(envelope.data)
        return Answer(answers.only_asked(found, serial_numbers, lambda item: item.id), envelope.far_time)

    def _device_rows(
        self, interface: Interface, payload: Mapping[str, Any], device_ids: Sequence[str]
    ) -> Answer[Items[DatedReading]]:
        envelope = self._ask(interface, payload)
        found = periodic.device_rows(envelope.data)
        return Answer(answers.only_asked(found, device_ids, lambda item: item.id), envelope.far_time)

    def _ask(self, interface: Interface, payload: Mapping[str, Any]) -> Envelope:
        raw = self._transport.post(INTERFACES[interface].path, payload, self._auth)
        if raw.token and raw.token not in self._auth.headers.values():
            self._auth.replaced(raw.token)  # before anything is said of the answer: it is a secret
        return open_envelope(raw, interface)
