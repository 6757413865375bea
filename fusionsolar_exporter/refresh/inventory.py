"""The lists as last answered: what the far side counts, and what there is to ask for."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fusionsolar_exporter.northbound.interfaces import Fleet
from fusionsolar_exporter.northbound.model import Device, Plant


class Inventory:
    """Plants and devices of one account. Quotas count every listed plant; requests go to the selected ones."""

    def __init__(self, selects: Callable[[str, str], bool]) -> None:
        self._selects = selects
        self._listed: dict[str, Plant] = {}
        self._devices_of: dict[str, dict[str, Device]] = {}
        self.plants: Mapping[str, Plant] = {}
        """The selected plants by code, in the order of the list."""
        self.devices: Mapping[str, Device] = {}
        """The devices of the selected plants by id."""
        self.revision = 0
        """Another number once the selected plants or their devices are others; until then both are the same objects."""
        self.fleet = Fleet()
        self.plants_listed_at: float | None = None
        """Start of the newest complete plant list."""
        self.devices_listed_at: dict[str, float] = {}
        """Start of the newest device list of each plant."""

    def select(self, selects: Callable[[str, str], bool]) -> None:
        """Use another selection of plants."""
        self._selects = selects
        self._update()

    def add_plants(self, plants: Iterable[Plant]) -> None:
        """A page of the plant list named these."""
        news = {plant.code: plant for plant in plants if self._listed.get(plant.code) != plant}
        if news:
            self._listed.update(news)
            self._update()

    def keep_plants(self, codes: Iterable[str], listed_at: float) -> None:
        """The plant list is complete and named these alone."""
        kept = frozenset(codes)
        self.plants_listed_at = listed_at
        if not self._listed.keys() <= kept:
            self._listed = {code: plant for code, plant in self._listed.items() if code in kept}
            self._update()

    @property
    def listed(self) -> Mapping[str, Plant]:
        """Every listed plant by code, selected or not."""
        return self._listed

    @property
    def not_selected(self) -> list[Plant]:
        """The listed plants that are not asked for."""
        return [plant for code, plant in self._listed.items() if code not in self.plants]

    def device_lists(self) -> Iterator[tuple[float, Sequence[str], Sequence[Device]]]:
        """The device lists of the listed plants: those asked together with the start of that request."""
        together: dict[float, list[str]] = {}
        for code, moment in self.devices_listed_at.items():
            together.setdefault(moment, []).append(code)
        for moment, codes in together.items():
            yield moment, codes, [device for code in codes for device in self._devices_of.get(code, {}).values()]

    def set_devices(self, plant_codes: Sequence[str], devices: Iterable[Device], listed_at: float) -> None:
        """The device list of these plants named these devices alone."""
        self.set_device_lists([(plant_codes, devices, listed_at)])

    def set_device_lists(self, lists: Iterable[tuple[Sequence[str], Iterable[Device], float]]) -> None:
        """The same for many lists, in their order."""
        changes = [self._set_devices(plant_codes, devices, listed_at) for plant_codes, devices, listed_at in lists]
        if any(changes):
            self._update()

    def _set_devices(self, plant_codes: Sequence[str], devices: Iterable[Device], listed_at: float) -> bool:
        """Whether the list says anything new."""
        found: dict[str, dict[str, Device]] = {code: {} for code in plant_codes}
        for device in {device.id: device for device in devices}.values():  # one named under two plants: the last counts
            known = self.devices.get(device.id)
            found[device.plant_code][device.id] = known if known == device else device
        self.devices_listed_at.update((code, listed_at) for code in plant_codes)
        if all(self._devices_of.get(code) == listed for code, listed in found.items()):
            return False
        moved = {device_id for listed in found.values() for device_id in listed}
        for code, listed in self._devices_of.items():
            if code not in found and not moved.isdisjoint(listed):
                self._devices_of[code] = {key: device for key, device in listed.items() if key not in moved}
        self._devices_of.update(found)
        return True

    def devices_of(self, plant_codes: Iterable[str]) -> list[Device]:
        """The devices of these plants."""
        return [device for code in plant_codes for device in self._devices_of.get(code, {}).values()]

    def device_count(self, plant_codes: Iterable[str]) -> int:
        """How many devices these plants have."""
        return sum(len(self._devices_of.get(code, ())) for code in plant_codes)

    def listed_since(self, moment: float, plant_codes: Iterable[str]) -> bool:
        """Whether the plant list and the device lists of these plants were all asked after a moment."""
        if self.plants_listed_at is None or self.plants_listed_at <= moment:
            return False
        return all(self.devices_listed_at.get(code, moment) > moment for code in plant_codes if code in self.plants)

    def _update(self) -> None:
        plants = {code: plant for code, plant in self._listed.items() if self._selects(code, plant.name)}
        # of plants that the selection leaves out too: a wider one shows at once what is known of them
        self._devices_of = {code: listed for code, listed in self._devices_of.items() if code in self._listed}
        self.devices_listed_at = {code: at for code, at in self.devices_listed_at.items() if code in self._listed}
        selected = (listed for code, listed in self._devices_of.items() if code in plants)
        devices = {key: device for listed in selected for key, device in listed.items()}
        # what is made of these is kept by whoever made it for as long as they are the same objects
        if plants != self.plants or devices != self.devices:
            self.revision += 1
            self.plants = self.plants if plants == self.plants else plants
            self.devices = self.devices if devices == self.devices else devices
        self.fleet = Fleet(len(self._listed), Counter(device.type_id for device in self.devices.values()))
