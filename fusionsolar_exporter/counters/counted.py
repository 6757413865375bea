"""Which keys are counted, and as which kind of register (contract of the metrics ``..._watthours_total``)."""

from collections.abc import Mapping

from fusionsolar_exporter.counters.registers import DayRegister, LifetimeRegister, Register

Kinds = Mapping[str, type[Register]]
"""By key of the interface."""

PLANT_KEYS: Kinds = {
    "total_power": LifetimeRegister,
    "day_on_grid_energy": DayRegister,
    "day_use_energy": DayRegister,
}
_INVERTER: Kinds = {"total_cap": LifetimeRegister}
_METER: Kinds = {"active_cap": LifetimeRegister, "reverse_active_cap": LifetimeRegister}
_STORAGE: Kinds = {"charge_cap": DayRegister, "discharge_cap": DayRegister}
DEVICE_KEYS: Mapping[int, Kinds] = {
    **dict.fromkeys((1, 38), _INVERTER),
    **dict.fromkeys((17, 47, 23070), _METER),
    **dict.fromkeys((39, 41), _STORAGE),
}
"""By device type id."""
KINDS: Kinds = {**PLANT_KEYS, **_INVERTER, **_METER, **_STORAGE}
"""Of every key."""
WATTHOURS = 1000.0
"""In a kWh, the unit of all of these keys where no override says otherwise."""
