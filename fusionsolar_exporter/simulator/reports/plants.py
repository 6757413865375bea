"""Hourly, daily, monthly and yearly data of plants (reference 9.1.4.2 to 9.1.4.5)."""

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.energy_account import EnergyAccount, account
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.parameters import required_plant_codes
from fusionsolar_exporter.simulator.periods import Period, begun
from fusionsolar_exporter.simulator.plants import SimulatedPlant
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.reports.rows import asked_moment, in_any_order

_CO2_TONS = 0.475e-3
_COAL_TONS = 0.4e-3
_TREE_TONS = 0.0183
_REVISED_AFTER = 6 * 3600.0
_LATE = 3 * 3600.0


def plant_report(call: Call) -> Reply:
    """Answer with the periods of 1 to 100 plants."""
    plants = call.plants(required_plant_codes(call.parameters))
    asked = asked_moment(call)
    rows = [
        {
            "stationCode": plant.code,
            "collectTime": int(period.begin * 1000),
            "dataItemMap": _values(call, plant, period),
        }
        for plant in plants
        for period in begun(call.interface, plant.site.calendar, asked, call.at, plant.connected_at)
    ]
    return Reply(data=in_any_order(call, rows), params=call.echo("stationCodes", "collectTime"))


def _values(call: Call, plant: SimulatedPlant, period: Period) -> Values:
    energy = account(call.registers(plant), period.begin, _known_until(call, period))
    values = _weather(plant, period, call.at) | {
        "inverter_power": energy.pv_yield,
        "ongrid_power": energy.fed_in,
        "power_profit": round(energy.inverter_yield * plant.tariff, 3),
    }
    if call.interface is not Interface.PLANT_HOURS:
        values |= _longer(plant, energy, values["theory_power"])
    if not call.rules.quirks:
        return values
    if not plant.count(DeviceType.EMI):
        values = {key: value for key, value in values.items() if value is not None}
    return values | {
        "PVYield": energy.pv_yield,
        "inverterYield": energy.inverter_yield,
        "selfUsePower": energy.self_used,
        "selfProvide": energy.self_provided,
        "chargeCap": energy.charged,
        "dischargeCap": energy.discharged,
        "buyPower": energy.purchased,
    }


def _known_until(call: Call, period: Period) -> float:
    """Return until when a period is told: real servers get a day's last hours late, and revise it the next morning."""
    late = call.rules.quirks and call.interface is Interface.PLANT_DAYS and 0 <= call.at - period.end < _REVISED_AFTER
    return period.end - _LATE if late else min(period.end, call.at)


def _weather(plant: SimulatedPlant, period: Period, now: float) -> Values:
    """Return irradiation in kWh/m² and the yield that it would give; null for a plant without a sensor."""
    if not plant.count(DeviceType.EMI):
        return {"radiation_intensity": None, "theory_power": None}
    series, at = plant.site.irradiance, plant.site.at
    begin, end = max(period.begin, plant.connected_at), min(period.end, now)
    irradiation = max(series.integral(at(end)) - series.integral(at(begin)), 0.0) / 1000
    return {"radiation_intensity": round(irradiation, 4), "theory_power": round(irradiation * plant.capacity_kw, 2)}


def _longer(plant: SimulatedPlant, energy: EnergyAccount, theory: object) -> Values:
    """Return what is told from days on."""
    capacity, pv_yield = plant.capacity_kw, energy.pv_yield
    ratio = round(100 * pv_yield / theory, 2) if isinstance(theory, float) and theory else None
    return {
        "installed_capacity": capacity,
        "performance_ratio": ratio,
        "use_power": energy.used,
        "perpower_ratio": round(pv_yield / capacity, 3) if capacity else 0.0,
        "reduction_total_co2": round(pv_yield * _CO2_TONS, 3),
        "reduction_total_coal": round(pv_yield * _COAL_TONS, 3),
        "reduction_total_tree": int(pv_yield * _CO2_TONS / _TREE_TONS),
    }
