"""Only parts that an answer speaks of are looked at, and what is served is the same as if all were."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.manual_clock import ManualClock
from support.rendered_site import Site

from fusionsolar_exporter.cache import AlarmWindow, Freshness
from fusionsolar_exporter.metrics import alarms, devices, plants, reports
from fusionsolar_exporter.metrics.part import ExportContext
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading, Severity
from fusionsolar_exporter.northbound.values import Values

PLANTS = tuple("ABC")
DEVICES = tuple(f"{code}{number}" for code in PLANTS for number in range(2))


@pytest.fixture(autouse=True)
def small_parts() -> Iterator[None]:
    """A part for each plant and each device."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (alarms, devices, plants, reports):
            patch.setattr(module, "CHUNK", 1)
        yield


class AnsweredSite(Site):
    """One whose plants and devices are answered."""

    def know(self, codes: set[str]) -> None:
        known = [code for code in PLANTS if code in codes]
        self.cache.know(
            {code: Plant(code=code, name=code) for code in known},
            {key: Device(id=key, name=key, plant_code=key[0], type_id=1) for key in DEVICES if key[0] in known},
        )

    def refreshed(self) -> str:
        self.renderer.refresh()
        return self.text()

    def take(self, what: str, codes: set[str], value: float, ttl: float) -> None:
        """An answer about these plants, or about their devices."""
        fresh, ids = Freshness(self.clock.now(), ttl), [key for key in DEVICES if key[0] in codes]
        match what:
            case "plant list":
                self.cache.list_plants(codes, fresh)
            case "device list":
                self.cache.list_devices(codes, ids, fresh)
            case "plants":
                self.cache.read_plants([Reading(code, Values([("day_power", value)])) for code in codes], fresh)
            case "devices":
                self.cache.read_devices([Reading(key, Values([("active_power", value)])) for key in ids], fresh)
            case "alarms":
                found = [_alarm(code) for code in codes if value]
                self.cache.replace_alarms(codes, found, AlarmWindow(0, 1), fresh)
            case "known":
                self.know(codes)


def _alarm(code: str) -> Alarm:
    return Alarm(
        plant_code=code,
        serial_number="",
        device_name="",
        device_type_id=None,
        alarm_id="1",
        name="",
        cause_id="",
        severity=Severity.MAJOR,
        alarm_type="",
        raised_at=None,
    )


ANSWERS = st.tuples(
    st.sampled_from(["plant list", "device list", "plants", "devices", "alarms", "known"]),
    st.sets(st.sampled_from(PLANTS)),
    st.integers(0, 3),
    st.integers(1, 30),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(st.lists(ANSWERS, max_size=3), st.integers(0, 10), st.booleans()), max_size=12))
def test_what_is_served_is_what_there_is(steps: list[tuple[list[tuple[str, set[str], int, int]], int, bool]]) -> None:
    clock = ManualClock()
    site = AnsweredSite(clock)
    site.know(set(PLANTS))
    for answers, seconds, seen_by_others in steps:
        for what, codes, value, ttl in answers:
            site.take(what, codes, value, ttl)
            if seen_by_others:
                site.cache.snapshot()
        clock.advance(seconds)
        assert site.refreshed() == site.oracle()


@pytest.mark.parametrize(("what", "part"), [("devices", devices.DeviceReadings), ("plants", plants.PlantReadings)])
def test_only_what_an_answer_speaks_of_is_looked_at(monkeypatch: pytest.MonkeyPatch, what: str, part: type) -> None:
    site = AnsweredSite(ManualClock())
    site.know(set(PLANTS))
    site.take(what, set(PLANTS), 1, 100)
    site.refreshed()
    looked: list[str] = []
    original = part.inputs  # type: ignore[attr-defined]

    def inputs(self: devices.DeviceReadings, context: ExportContext) -> tuple[object, ...]:
        looked.extend(self.ids)
        return tuple(original(self, context))

    monkeypatch.setattr(part, "inputs", inputs)
    site.take(what, {"B"}, 2, 100)
    assert site.refreshed() == site.oracle()
    assert {key[0] for key in looked} == {"B"}
