"""The fleet of a simulated account: made from a plan, changed by its owner while it runs."""

import threading
from collections import Counter
from collections.abc import Mapping

from fusionsolar_exporter.simulator.alarms import DEVICE_FAULT, AlarmKind, RaisedAlarm
from fusionsolar_exporter.simulator.builder import Builder
from fusionsolar_exporter.simulator.device_types import ALARMED, INVERTERS
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.plants import Outage, SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.site import Place


class SimulatedFleet:
    """Plants by code and devices by id. Moments (``at``) are Unix seconds of the simulated world.

    ``lock`` guards everything here; the methods take it themselves. An unknown code or id is a KeyError.
    """

    def __init__(self, plan: FleetPlan | None = None) -> None:
        self.lock = threading.RLock()
        self.plan = FleetPlan() if plan is None else plan
        self.plants: dict[str, SimulatedPlant] = {}
        self.devices: dict[str, SimulatedDevice] = {}
        self.serial_numbers: dict[str, SimulatedDevice] = {}
        self.created: dict[str, list[float]] = {}
        """When each user created plants, in Unix seconds."""
        self._builder = Builder(self.plan)
        self._counts: Counter[int] = Counter()
        self._built = 0
        for _ in range(self.plan.plants):
            self.add_plant()

    @property
    def device_counts(self) -> Mapping[int, int]:
        """How many devices there are of each type id, documented or not."""
        return self._counts

    def add_plant(
        self,
        name: str | None = None,
        devices: Mapping[int, int] | None = None,
        at: float | None = None,
        place: Place | None = None,
    ) -> SimulatedPlant:
        """Add a plant with its devices: the plan's, where ``devices`` (number by type id) is not given."""
        with self.lock:
            plant = self._builder.plant(name, at, place)
            self.plants[plant.code] = plant
            wanted = self.plan.devices_of(self._built) if devices is None else devices
            self._built += 1
            for type_id, count in wanted.items():
                for _ in range(count):
                    self._add(self._builder.device(plant, type_id, plant.connected_at))
            return plant

    def remove_plant(self, code: str) -> None:
        """Remove a plant and its devices."""
        with self.lock:
            plant = self.plants.pop(code)
            for device in tuple(plant.devices):
                self.remove_device(device.id)

    def rename_plant(self, code: str, name: str) -> None:
        """Give a plant another name."""
        with self.lock:
            self.plants[code].name = name

    def add_device(self, plant_code: str, type_id: int, at: float, name: str | None = None) -> SimulatedDevice:
        """Add a device to a plant; an inverter yields from ``at`` on."""
        with self.lock:
            device = self._builder.device(self.plants[plant_code], type_id, at, name)
            self._add(device)
            return device

    def remove_device(self, device_id: str) -> None:
        """Remove a device; what it yielded leaves its plant's totals with it."""
        with self.lock:
            device = self.devices.pop(device_id)
            self.serial_numbers.pop(device.serial_number, None)
            device.plant.devices.remove(device)
            self._counts[device.type_id] -= 1
            self._counts = +self._counts

    def rename_device(self, device_id: str, name: str) -> None:
        """Give a device another name."""
        with self.lock:
            self.devices[device_id].name = name

    def change_serial_number(self, device_id: str, serial_number: str) -> None:
        """Give a device another serial number."""
        with self.lock:
            device = self.devices[device_id]
            self.serial_numbers.pop(device.serial_number, None)
            device.serial_number = serial_number
            self.serial_numbers[serial_number] = device

    def fault(self, device_id: str, at: float, state: InverterState = InverterState.SHUTDOWN_FAULT) -> None:
        """Stop an inverter in ``state``, with an alarm, until :meth:`repair`; ValueError where it is no inverter."""
        with self.lock:
            device = self.devices[device_id]
            if device.type_id not in INVERTERS:
                raise ValueError(f"device {device_id} is of type {device.type_id}: only inverters can be stopped")
            self.repair(device_id, at)
            device.outages.append(Outage(state, at))
            device.raised_alarms.append(RaisedAlarm(DEVICE_FAULT, at))

    def repair(self, device_id: str, at: float) -> None:
        """Let a stopped inverter run again and end its alarm; one that runs goes on."""
        with self.lock:
            device = self.devices[device_id]
            if device.outage is not None:
                device.outage.until = at
                self.clear_alarms(device_id, DEVICE_FAULT)

    def raise_alarm(self, device_id: str, kind: AlarmKind, at: float) -> None:
        """Raise an alarm that stays until it is cleared; ValueError for a type that raises none (9.1.7)."""
        with self.lock:
            device = self.devices[device_id]
            if device.type_id not in ALARMED:
                raise ValueError(f"device {device_id} is of type {device.type_id}, which raises no alarms")
            device.raised_alarms.append(RaisedAlarm(kind, at))

    def clear_alarms(self, device_id: str, kind: AlarmKind | None = None) -> None:
        """End a device's raised alarms of one kind, or all; those that come and go by themselves go on."""
        with self.lock:
            device = self.devices[device_id]
            device.raised_alarms = [alarm for alarm in device.raised_alarms if kind not in (None, alarm.kind)]

    def _add(self, device: SimulatedDevice) -> None:
        device.plant.devices.append(device)
        self.devices[device.id] = device
        if device.serial_number:
            self.serial_numbers[device.serial_number] = device
        self._counts[device.type_id] += 1
