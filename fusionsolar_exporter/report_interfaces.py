"""Which interface each report comes from."""

from collections.abc import Mapping

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.status import CollectorName

REPORT_INTERFACES: Mapping[CollectorName, Interface] = {
    CollectorName.PLANT_HOURLY: Interface.GET_KPI_STATION_HOUR,
    CollectorName.PLANT_DAILY: Interface.GET_KPI_STATION_DAY,
    CollectorName.PLANT_MONTHLY: Interface.GET_KPI_STATION_MONTH,
    CollectorName.PLANT_YEARLY: Interface.GET_KPI_STATION_YEAR,
    CollectorName.DEVICE_DAILY: Interface.GET_DEV_KPI_DAY,
    CollectorName.DEVICE_MONTHLY: Interface.GET_DEV_KPI_MONTH,
    CollectorName.DEVICE_YEARLY: Interface.GET_DEV_KPI_YEAR,
}
