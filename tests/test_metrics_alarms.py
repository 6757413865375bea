"""The metrics of alarms."""

import pytest
from metrics_support import (
    PLANT,
    PLANT_LABELS,
    Exporter,
    device_labels,
    export_settings,
    named,
    series,
    snapshot,
    view,
)

from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Severity

INVERTER = Device("1", "Inverter", PLANT.code, 1, "SN1")
TEXTS = {"alarm_id": "2001", "alarm_name": "String reversed", "cause_id": "-1", "severity": "major", "alarm_type": "0"}


def alarm(
    serial_number: str = "SN1",
    *,
    raised_at: float | None = 1_700_000_000.0,
    severity: Severity = Severity.MAJOR,
    type_id: int | None = 46,
    plant_code: str = PLANT.code,
) -> Alarm:
    return Alarm(
        plant_code, serial_number, "Told name", type_id, "2001", "String reversed", "-1", severity, "0", raised_at
    )


def test_the_device_is_found_by_serial_number() -> None:
    found = Exporter([view(snapshot(devices=[INVERTER], alarms={PLANT.code: [alarm()]}))]).scrape()

    labels = device_labels(INVERTER, "string_inverter") | TEXTS
    assert named(found, "fusionsolar_alarm") == {series("", labels)[1]: 1}
    assert named(found, "fusionsolar_alarm_raised_timestamp_seconds") == {series("", labels)[1]: 1_700_000_000}


@pytest.mark.parametrize(("type_id", "device_type"), [(46, "optimizer"), (70092, "type_70092"), (None, "")])
@pytest.mark.parametrize("serial_number", ["SN9", ""])
def test_an_unknown_device_has_no_id_and_its_own_name(
    serial_number: str, type_id: int | None, device_type: str
) -> None:
    nameless = Device("2", "No serial number", PLANT.code, 1)
    content = snapshot(devices=[INVERTER, nameless], alarms={PLANT.code: [alarm(serial_number, type_id=type_id)]})
    found = Exporter([view(content)]).scrape()

    own = {"device_id": "", "device": "Told name", "device_type": device_type}
    assert set(named(found, "fusionsolar_alarm")) == {series("", PLANT_LABELS | own | TEXTS)[1]}


def test_of_several_devices_with_one_serial_number_the_plants_own_is_meant() -> None:
    barn = Plant("NE=2", "Barn")
    elsewhere = Device("3", "Elsewhere", barn.code, 39, "SN1")
    content = snapshot(
        plants=[PLANT, barn], devices=[elsewhere, INVERTER], alarms={PLANT.code: [alarm()], barn.code: [alarm()]}
    )
    found = Exporter([view(content)]).scrape()

    assert {dict(labels)["device_id"] for labels in named(found, "fusionsolar_alarm")} == {"1", "3"}


def test_a_device_of_another_plant_is_better_than_none() -> None:
    barn = Plant("NE=2", "Barn")
    content = snapshot(plants=[PLANT, barn], devices=[INVERTER], alarms={barn.code: [alarm()]})
    found = Exporter([view(content)]).scrape()

    assert set(named(found, "fusionsolar_alarm")) == {series("", device_labels(INVERTER, "string_inverter") | TEXTS)[1]}


def test_alarms_of_a_plant_that_is_not_shown_hide_no_others() -> None:
    content = snapshot(devices=[INVERTER], alarms={"NE=9": [alarm("SN9")], PLANT.code: [alarm()]})
    found = Exporter([view(content)]).scrape()

    assert set(named(found, "fusionsolar_alarm")) == {series("", device_labels(INVERTER, "string_inverter") | TEXTS)[1]}


@pytest.mark.parametrize(
    ("moments", "earliest"),
    [([30.0, 10.0, 20.0], 10), ([None, 10.0], 10), ([10.0, None], 10), ([None, None], None)],
)
def test_alarms_with_the_same_labels_are_one_series_with_the_earliest_time(
    moments: list[float | None], earliest: float | None
) -> None:
    alarms = [alarm(raised_at=moment) for moment in moments]
    found = Exporter([view(snapshot(devices=[INVERTER], alarms={PLANT.code: alarms}))]).scrape()

    assert list(named(found, "fusionsolar_alarm").values()) == [1]
    raised = list(named(found, "fusionsolar_alarm_raised_timestamp_seconds").values())
    assert raised == ([] if earliest is None else [earliest])


def test_alarms_are_counted_for_the_configured_severities() -> None:
    alarms = [
        alarm(),
        alarm("SN9"),
        alarm(severity=Severity.CRITICAL),
        alarm(severity=Severity.WARNING),
        alarm(severity=Severity.UNKNOWN),
    ]
    settings = export_settings(severities=(Severity.CRITICAL, Severity.MAJOR, Severity.MINOR))
    found = Exporter([view(snapshot(alarms={PLANT.code: alarms}))], settings).scrape()

    assert named(found, "fusionsolar_plant_alarms") == {
        series("", PLANT_LABELS, severity="critical")[1]: 1,
        series("", PLANT_LABELS, severity="major")[1]: 2,
        series("", PLANT_LABELS, severity="minor")[1]: 0,
    }


def test_no_alarm_counts_as_0() -> None:
    found = Exporter([view(snapshot(alarms={PLANT.code: []}))]).scrape()

    assert named(found, "fusionsolar_plant_alarms") == {
        series("", PLANT_LABELS, severity=severity)[1]: 0 for severity in ("critical", "major", "minor", "warning")
    }


def test_an_incomplete_answer_gives_alarms_but_no_count() -> None:
    found = Exporter([view(snapshot(alarms={PLANT.code: [alarm()]}, complete=False))]).scrape()

    assert not named(found, "fusionsolar_plant_alarms")
    assert len(named(found, "fusionsolar_alarm")) == 1


def test_alarms_of_a_plant_without_a_name_are_not_exported() -> None:
    found = Exporter([view(snapshot(alarms={"NE=9": [alarm()]}))]).scrape()

    assert not {name for name, _ in found if "alarm" in name}
