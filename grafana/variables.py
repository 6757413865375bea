"""What is chosen at the top of a dashboard: the data source, then accounts, plants and devices, each among the last."""

from grafana_foundation_sdk.builders.dashboard import CustomVariable, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from fusionsolar_exporter.northbound.model import Severity
from grafana.queries import ACCOUNT, PLANT

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_ALL = VariableOption(text="All", value="$__all", selected=True)


def datasource() -> DatasourceVariable:
    """Which Prometheus."""
    return DatasourceVariable("datasource").label("Data source").type("prometheus")


def account(*, many: bool) -> QueryVariable:
    """Accounts. Pages about one plant take one: two accounts may know the same plant, or use the same code twice."""
    variable = _choice("account", "Account", "label_values(fusionsolar_account_state, account)")
    return _many(variable) if many else variable


def plant(*, many: bool) -> QueryVariable:
    """Plants of the accounts: shown by name, chosen by code, since names are not unique."""
    variable = _named("fusionsolar_plant_info", "plant", "Plant", ACCOUNT)
    return _many(variable) if many else variable


def device(*, many: bool) -> QueryVariable:
    """Devices of the plants: shown by name, chosen by id."""
    variable = _named("fusionsolar_device_info", "device", "Device", PLANT)
    return _many(variable) if many else variable


def severity() -> CustomVariable:
    """Severities of alarms, any number of them."""
    names = ",".join(level.value for level in Severity)
    return (
        CustomVariable("severity").label("Severity").values(names).multi(True).include_all(True).all_value(".*")
    ).current(_ALL)


def _named(metric: str, name: str, label: str, *where: str) -> QueryVariable:
    """Options with the label ``name`` as text and ``name_code`` or ``name_id`` as value; labels come sorted."""
    value = {"plant": "plant_code", "device": "device_id"}[name]
    expr = f"max by ({name}, {value}) ({metric}{{{','.join(where)}}})"
    regex = rf'/{name}="(?<text>[\s\S]*)",{value}="(?<value>.*)"}}/'
    return _choice(name, label, f"query_result({expr})").regex(regex)


def _choice(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )


def _many(variable: QueryVariable) -> QueryVariable:
    return variable.multi(True).include_all(True).all_value(".*").current(_ALL)
