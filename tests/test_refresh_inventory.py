"""The lists as last answered: moves, renames, selections, and what the far side counts."""

from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.refresh.inventory import Inventory

T0 = 1_750_000_000.0


def every(_code: str, _name: str) -> bool:
    return True


def plant(code: str, name: str = "") -> Plant:
    return Plant(code, name or f"plant {code}")


def device(key: str, code: str, type_id: int = 38) -> Device:
    return Device(key, f"device {key}", code, type_id)


def listed(*codes: str) -> Inventory:
    roster = Inventory(every)
    roster.add_plants(map(plant, codes))
    roster.keep_plants(codes, T0)
    return roster


def test_every_page_adds_and_only_the_last_removes() -> None:
    roster = listed("A", "B")
    roster.add_plants([plant("C")])
    assert list(roster.plants) == ["A", "B", "C"]
    roster.keep_plants(["C", "A"], T0 + 10)
    assert list(roster.plants) == ["A", "C"]
    assert roster.plants_listed_at == T0 + 10
    assert roster.fleet.plants == 2


def test_a_plant_that_goes_takes_its_devices_along() -> None:
    roster = listed("A", "B")
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "B")], T0)
    roster.keep_plants(["B"], T0 + 10)
    assert set(roster.devices) == {"2"}
    assert roster.devices_listed_at == {"B": T0}
    assert roster.fleet.devices == {38: 1}


def test_a_rename_moves_at_once() -> None:
    roster = listed("A")
    roster.add_plants([plant("A", "renamed")])
    assert roster.plants["A"].name == "renamed"


def test_a_device_list_replaces_that_of_its_plants_alone() -> None:
    roster = listed("A", "B")
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "A"), device("3", "B")], T0)
    roster.set_devices(["A"], [device("4", "A", 39)], T0 + 10)
    assert set(roster.devices) == {"3", "4"}
    assert roster.devices_listed_at == {"A": T0 + 10, "B": T0}
    assert [roster.device_count(codes) for codes in (["A"], ["B"], ["A", "B"], ["X"], [])] == [1, 1, 2, 0, 0]
    assert roster.fleet.devices == {38: 1, 39: 1}


def test_a_device_that_moves_belongs_to_its_new_plant_alone() -> None:
    roster = listed("A", "B")
    roster.set_devices(["A"], [device("1", "A"), device("2", "A")], T0)
    roster.set_devices(["B"], [device("1", "B")], T0 + 10)
    assert {key: known.plant_code for key, known in roster.devices.items()} == {"1": "B", "2": "A"}
    assert (roster.device_count(["A"]), roster.device_count(["B"])) == (1, 1)
    roster.set_devices(["A"], [device("2", "A")], T0 + 20)
    assert set(roster.devices) == {"1", "2"}


def test_a_selection_narrows_what_is_asked_and_not_what_the_far_side_counts() -> None:
    roster = listed("A", "B", "C")
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "B")], T0)
    roster.select(lambda code, name: code == "A" and name == "plant A")
    assert (set(roster.plants), set(roster.devices), roster.fleet.plants) == ({"A"}, {"1"}, 3)
    assert roster.fleet.devices == {38: 1}
    roster.select(every)
    assert (set(roster.plants), set(roster.devices)) == ({"A", "B", "C"}, {"1", "2"})
    assert roster.devices_listed_at == {"A": T0, "B": T0}


def test_a_rename_out_of_the_selection_removes_the_plant() -> None:
    roster = Inventory(lambda _code, name: name.startswith("our"))
    roster.add_plants([plant("A", "our roof"), plant("B", "theirs")])
    assert set(roster.plants) == {"A"}
    roster.add_plants([plant("A", "their roof"), plant("B", "ours")])
    assert set(roster.plants) == {"B"}


def test_lists_are_newer_when_all_of_them_were_asked_after_the_moment() -> None:
    roster = Inventory(every)
    assert not roster.listed_since(T0, [])
    roster = listed("A", "B")
    roster.keep_plants("AB", T0 + 10)
    assert roster.listed_since(T0, [])
    assert not roster.listed_since(T0 + 10, [])
    roster.set_devices(["A"], [], T0 + 10)
    assert roster.listed_since(T0 + 5, ["A"])
    assert not roster.listed_since(T0 + 5, ["A", "B"])
    assert roster.listed_since(T0 + 5, ["A", "gone"])
    roster.set_devices(["B"], [], T0 + 5)
    assert not roster.listed_since(T0 + 5, ["A", "B"])


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from("ABC"), min_size=1),
            st.lists(st.tuples(st.sampled_from("123456"), st.sampled_from("ABC"))),
        ),
        max_size=8,
    )
)
def test_every_device_belongs_to_one_plant_whatever_the_lists_say(
    answers: list[tuple[set[str], list[tuple[str, str]]]],
) -> None:
    roster = listed("A", "B", "C")
    for number, (asked, named) in enumerate(answers):
        found = [device(key, code) for key, code in named if code in asked]
        roster.set_devices(sorted(asked), found, T0 + number)
        newest = {known.id: known.plant_code for known in found}
        assert newest == {key: known.plant_code for key, known in roster.devices.items() if key in newest}
        assert {known.id for known in found} <= set(roster.devices)
        assert sum(roster.device_count([code]) for code in "ABC") == len(roster.devices)
        assert sum(roster.fleet.devices.values()) == len(roster.devices)


def test_lists_that_say_nothing_new_keep_every_object() -> None:
    roster = listed("A", "B")
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "B"), device("3", "B")], T0)
    before = roster.revision, roster.plants, roster.devices, roster.fleet
    roster.add_plants([plant("B"), plant("A")])
    roster.keep_plants(["B", "A"], T0 + 10)
    roster.set_devices(["B"], [device("3", "B"), device("2", "B")], T0 + 10)
    roster.select(every)
    after = roster.revision, roster.plants, roster.devices, roster.fleet
    assert before[0] == after[0]
    assert all(one is other for one, other in zip(before[1:3], after[1:3], strict=True))
    assert roster.devices_listed_at == {"A": T0, "B": T0 + 10}
    assert roster.plants_listed_at == T0 + 10


def test_one_device_that_is_new_leaves_the_others_the_same_objects() -> None:
    roster = listed("A", "B")
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "B")], T0)
    one, revision = roster.devices["1"], roster.revision
    roster.set_devices(["A", "B"], [device("1", "A"), device("2", "B"), device("3", "A")], T0 + 10)
    assert roster.devices["1"] is one
    assert set(roster.devices) == set("123")
    assert roster.revision == revision + 1
    roster.set_devices(["A"], [], T0 + 20)
    assert set(roster.devices) == {"2"}
