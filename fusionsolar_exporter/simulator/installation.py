"""How a plant is wired, where that does not show in its list of devices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SteadyFlows:
    """Powers that never change, in kW of the whole plant: for tests and pictures of one moment."""

    sun: float
    """DC input of the inverters."""
    stored: float
    """Into the plant's storage where positive, out of it where negative."""
    demand: float


@dataclass(frozen=True, slots=True)
class Installation:
    """A plant's wiring. The signs are properties of an installation: the reference promises none of them."""

    charges_from_grid: bool = False
    """Batteries are charged from the grid in the small hours as well."""
    foreign_battery: bool = False
    """A battery on the AC side that the management system does not list."""
    meter_sign: int = 1
    """Of grid meters (17): 1 where feeding in is positive, -1 where drawing is."""
    storage_sign: int = 1
    """Of AC storage (41): 1 where charging is positive, -1 where discharging is."""
    steady: SteadyFlows | None = None
    """Instead of the site's sun, people and weather."""
